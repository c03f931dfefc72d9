"""Unusable clips in a whole trial: they are told once, replaced in training and left out of scores."""

import shutil

import pytest
from tiny_trials import (
    assert_same_outcome,
    fit_together,
    losses_by_step,
    outcome,
    run_fit,
    start_fit,
    tiny_config,
    validations,
)

from model.data.avsbench import AVSBench
from model.data.errors import DataError
from model.data.layout import clip_files
from model.training.events import Quarantined

CONFIG = tiny_config(
    {"model.fusion.dropout": 0.0, "training.batch": 4, "training.iterations": 8, "training.evaluate_every": 4}
)
SHORT = tiny_config({"training.iterations": 1, "training.evaluate_every": 1})


def damage(root, split, *places):
    """Truncates a frame of some clips; returns the names of those clips."""
    dataset = AVSBench(root, "s4", split, CONFIG.data.size)
    for place in places:
        frame = clip_files("s4", dataset.root, dataset.entries[place]).frames[0]
        frame.write_bytes(frame.read_bytes()[:80])
    return [dataset.entries[place].name for place in places]


def quarantined(events):
    return sorted((event.split, event.clip) for event in events if isinstance(event, Quarantined))


@pytest.fixture(scope="module")
def damaged(tiny_data, tmp_path_factory):
    """A copy of the data with one unusable clip per split, and those clips by split."""
    root = tmp_path_factory.mktemp("damaged") / "data"
    shutil.copytree(tiny_data, root)
    return root, sorted(
        (split, *damage(root, split, place)) for split, place in (("train", 3), ("val", 2), ("test", 5))
    )


@pytest.fixture(scope="module")
def alone(damaged, tmp_path_factory):
    return list(run_fit(CONFIG, damaged[0], tmp_path_factory.mktemp("alone") / "checkpoints"))


def test_each_unusable_clip_is_told_once_with_its_reason(alone, damaged):
    assert quarantined(alone) == damaged[1]
    assert all("cannot be read as a picture" in event.reason for event in alone if isinstance(event, Quarantined))


def test_scores_leave_unusable_clips_out(alone, damaged):
    assert {event.score.count for event in validations(alone).values()} == {4}
    assert outcome(alone).score.count == len(outcome(alone).clips) == 6
    unusable = dict(damaged[1])["test"]
    assert unusable not in {clip.clip for clip in outcome(alone).clips}


def test_loader_processes_change_nothing(alone, damaged, tmp_path):
    loaded = list(run_fit(CONFIG, damaged[0], tmp_path / "checkpoints", loader_workers=2))

    assert losses_by_step(loaded) == losses_by_step(alone)
    assert quarantined(loaded) == damaged[1]
    assert_same_outcome(loaded, alone)


def test_two_workers_replace_the_same_clips_and_know_of_all(alone, damaged, tmp_path):
    everyone = fit_together(CONFIG, damaged[0], tmp_path / "checkpoints", count=2)

    for events in everyone:
        assert quarantined(events) == damaged[1]
        for step, losses in losses_by_step(events).items():
            assert losses == pytest.approx(losses_by_step(alone)[step], rel=1e-5, abs=1e-5)
        assert {event.score.count for event in validations(events).values()} == {4}
        assert outcome(events).score.count == 6


def test_too_many_unusable_clips_end_the_trial(tiny_data, tmp_path):
    shutil.copytree(tiny_data, tmp_path / "data")
    damage(tmp_path / "data", "val", 0, 1)
    with pytest.raises(DataError, match=r"2 of 5 val clips cannot be used.*_1\.png cannot be read.*combo data check"):
        list(run_fit(SHORT, tmp_path / "data", tmp_path / "checkpoints"))


def test_workers_that_each_tolerate_theirs_refuse_the_sum_together(tiny_data, tmp_path):
    shutil.copytree(tiny_data, tmp_path / "data")
    damage(tmp_path / "data", "val", 0, 1)  # the first clips of the two workers' shares

    running = start_fit(SHORT, tmp_path / "data", tmp_path / "checkpoints", count=2)
    events = [list(worker.events()) for worker in running]

    assert [worker.process.exitcode for worker in running] == [1, 1]
    assert [list(losses_by_step(told)) for told in events] == [[1]] * 2
    assert [validations(told) for told in events] == [{}, {}]
