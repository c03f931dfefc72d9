from collections import Counter

import numpy as np
import pytest

from model.data.errors import DataError
from model.data.synthetic.kinds import kinds_of
from model.data.synthetic.picture import draw
from model.data.synthetic.plan import plan_clips, split_sizes


@pytest.mark.parametrize(("clips", "sizes"), [(3, (1, 1, 1)), (120, (84, 14, 22)), (1000, (700, 120, 180))])
def test_splits(clips, sizes):
    assert tuple(split_sizes(clips).values()) == sizes


def test_fewer_than_three_clips_are_refused():
    with pytest.raises(DataError, match="at least 3"):
        split_sizes(2)


@pytest.mark.parametrize("task", ["s4", "ms3"])
def test_every_class_is_seen_silent_in_the_test_split(task):
    silent = {
        thing.kind
        for clip in plan_clips(task, 120, seed=0)
        if clip.entry.split == "test"
        for thing in clip.scene.objects
        if not any(thing.sounding)
    }
    assert silent == set(kinds_of(task))


def test_avss_classes_are_all_seen_silent_and_sounding():
    things = [thing for clip in plan_clips("avss", 300, seed=0) for thing in clip.scene.objects]

    assert {thing.kind for thing in things if not any(thing.sounding)} == set(kinds_of("avss"))
    assert {thing.kind for thing in things if any(thing.sounding)} == set(kinds_of("avss"))


def test_no_class_and_no_layer_sounds_more_often_than_others():
    clips = plan_clips("s4", 600, seed=1)
    things = [(thing, layer) for clip in clips for layer, thing in enumerate(clip.scene.objects)]
    for key in (lambda thing, _: thing.kind.s4, lambda _, layer: min(layer, 1)):
        seen = Counter(key(thing, layer) for thing, layer in things)
        heard = Counter(key(thing, layer) for thing, layer in things if thing.sounding[0])
        shares = np.array([heard[value] / seen[value] for value in seen])
        assert shares.max() - shares.min() < 0.15


def test_s4_has_one_source_of_the_clip_category():
    for clip in plan_clips("s4", 60, seed=2):
        sources = [thing for thing in clip.scene.objects if any(thing.sounding)]
        assert [thing.kind.s4 for thing in sources] == [clip.entry.category]
        assert all(sources[0].sounding)
        assert len({thing.kind for thing in clip.scene.objects}) == len(clip.scene.objects)


def test_ms3_sources_start_and_stop():
    activities = [[thing.sounding for thing in clip.scene.objects] for clip in plan_clips("ms3", 60, seed=2)]
    sources = [sum(any(sounding) for sounding in clip) for clip in activities]

    assert min(sources) >= 2
    assert any(len(set(sounding)) == 2 for clip in activities for sounding in clip)
    assert any(not any(second) for clip in activities for second in zip(*clip, strict=True))


def test_avss_subsets_differ_in_length():
    seconds = {(clip.entry.category, clip.scene.seconds) for clip in plan_clips("avss", 30, seed=0)}

    assert seconds == {("v1s", 5), ("v1m", 5), ("v2", 10)}


def test_objects_are_large_and_move():
    for clip in plan_clips("s4", 30, seed=0):
        _, regions = draw(clip.scene, 64, clip.rng("picture"))
        assert regions.sum(axis=1).max() <= 1
        areas = regions.sum(axis=(2, 3)) / 64**2
        assert np.median(areas) > 0.05
        assert all((regions[0, index] != regions[-1, index]).any() for index in range(regions.shape[1]))


def test_negative_seed_is_refused():
    with pytest.raises(DataError, match="seed -1"):
        plan_clips("s4", 3, seed=-1)
