"""A clip that cannot be used stops nothing, until there are too many of them."""

import errno
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import wavfile

from model.combo.config import ComboConfig
from model.config import MaskigeDataConfig, TrainingConfig
from model.data.avsbench import AVSBench
from model.data.errors import DataError, FileError
from model.data.layout import clip_files
from model.data.loading import evaluation_batches, training_batches
from model.data.log_mel_file import log_mel_pickle
from model.data.quarantine import Quarantine
from model.data.sampler import ShuffledSampler

SIZE = 64
CLIPS = 300
BROKEN = (5, 6, 299)
"""Two in a row and the last one: clip 7 stands in for both, clip 0 for the last."""
INSTEAD = {5: 7, 6: 7, 299: 0}


class NumberedClips:
    """Clips that differ in their numbers only; some cannot be used. 1 % of 300 tolerates three."""

    def __init__(self, clip, broken):
        self.clip, self.broken = clip, broken
        self.quarantine = Quarantine(Path("data"), "s4", "train", CLIPS, "synthetic", SIZE)

    def __len__(self):
        return CLIPS

    def __getitem__(self, index):
        if index in self.broken:
            raise FileError(Path(f"{index}.png"), "unreadable", "cannot be read", "replace it")
        return replace(self.clip, name=str(index))


STEPS = 80


def _config():
    training = TrainingConfig(batch=4, iterations=STEPS)
    return ComboConfig(seed=11, training=training, data=MaskigeDataConfig(size=SIZE, augment="flip"))


def _batches(clip, broken=BROKEN, rank=0, world=1, workers=0):
    dataset = NumberedClips(clip, broken)
    return list(training_batches(dataset, _config(), rank, world, first_step=0, workers=workers)), dataset.quarantine


def test_the_next_readable_clip_stands_in(coordinate_clip):
    sampler = ShuffledSampler(CLIPS, 4, seed=11)
    batches, quarantine = _batches(coordinate_clip)

    drawn = [index for step in range(STEPS) for index in sampler.global_batch(step)]
    assert set(BROKEN) < set(drawn)
    assert [name for batch in batches for name in batch.names] == [str(INSTEAD.get(index, index)) for index in drawn]
    assert quarantine.reasons == {place: f"{place}.png cannot be read: replace it" for place in BROKEN}


def test_loader_processes_and_ranks_change_nothing(coordinate_clip):
    whole, expected = _batches(coordinate_clip)
    loaded, found = _batches(coordinate_clip, workers=2)
    ranks = [_batches(coordinate_clip, rank=rank, world=2)[0] for rank in (0, 1)]

    assert found.reasons == expected.reasons
    for batch, same, first, second in zip(whole, loaded, *ranks, strict=True):
        assert batch.names == same.names == first.names + second.names
        for name in ("frames", "labels", "positions"):
            halves = torch.cat([getattr(first, name), getattr(second, name)])
            assert torch.equal(getattr(batch, name), getattr(same, name))
            assert torch.equal(getattr(batch, name), halves)


@pytest.mark.parametrize("workers", [0, 2])
def test_one_clip_too_many_ends_it(coordinate_clip, workers):
    with pytest.raises(DataError) as caught:
        _batches(coordinate_clip, broken=(5, 6, 100, 299), workers=workers)

    said = str(caught.value)
    assert said.startswith("4 of 300 train clips cannot be used, 3 would be tolerated; the first: ")
    assert ".png cannot be read: replace it" in said
    assert said.endswith("'combo data check data --subset s4 --size 64' finds all")


class ClipsOnAFailingDisk(NumberedClips):
    def __getitem__(self, index):
        if index in self.broken:
            raise OSError(errno.EIO, "Input/output error", f"{index}.png")
        return super().__getitem__(index)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_failing_disk_ends_the_attempt_and_no_clip_stands_in(coordinate_clip, workers):
    dataset = ClipsOnAFailingDisk(coordinate_clip, {5})
    with pytest.raises(OSError, match=r"^\[Errno 5\] Input/output error: '5\.png'$"):
        list(training_batches(dataset, _config(), 0, 1, first_step=0, workers=workers))

    assert not dataset.quarantine.reasons


@pytest.mark.parametrize(
    ("clips", "tolerated"), [(1, 0), (2, 1), (64, 1), (199, 1), (296, 2), (740, 7), (3452, 34), (8498, 84)]
)
def test_one_per_cent_is_tolerated_at_least_one_and_never_all(clips, tolerated):
    quarantine = Quarantine(Path("data"), "s4", "val", clips, "synthetic", SIZE)
    quarantine.add((place, "reason") for place in range(tolerated))
    quarantine.refuse_excess()
    quarantine.add([(tolerated, "one more")])
    with pytest.raises(DataError, match=f"{tolerated + 1} of {clips} val clip"):
        quarantine.refuse_excess()


def test_each_clip_is_news_once():
    quarantine = Quarantine(Path("data"), "s4", "val", 400, "synthetic", SIZE)
    quarantine.add([(7, "first"), (3, "second")])
    assert list(quarantine.news()) == [(3, "second"), (7, "first")]
    quarantine.add([(3, "again"), (9, "third")])
    assert list(quarantine.news()) == [(9, "third")]
    assert quarantine.reasons[3] == "second"


def test_the_command_that_finds_all_fits_the_place_the_proposer_and_the_size():
    quarantine = Quarantine(Path("my data"), "ms3", "val", 1, "mobile-sam", 448)
    quarantine.add([(0, "reason")])
    with pytest.raises(DataError, match="combo data check 'my data' --subset ms3 --maskige mobile-sam --size 448"):
        quarantine.refuse_excess()


def _break_mask(files):
    inside = Image.fromarray(np.full((SIZE, SIZE), 1, np.uint8))
    inside.putpalette([0, 0, 0, 255, 255, 255])
    inside.save(files.masks[0])


def _silence(files):
    files.log_mel.write_bytes(log_mel_pickle(np.full((5, 1, 96, 64), np.log(0.01), np.float32), requires_grad=True))


def _silence_without_log_mel(files):
    files.log_mel.unlink()
    wavfile.write(files.wav, 16_000, np.zeros(80_000, np.int16))


def _remove_sound(files):
    files.log_mel.unlink()
    files.wav.unlink()


DAMAGES = {
    "cannot be read as a picture": lambda files: files.frames[2].write_bytes(files.frames[2].read_bytes()[:90]),
    "is missing: restore the clip": lambda files: files.masks[3].unlink(),
    "is missing: restore the clip's sound": _remove_sound,
    "stores values up to 1": _break_mask,
    "is 16x32, not 64x64": lambda files: Image.new("RGB", (16, 32)).save(files.frames[4]),
    ".pkl is silent": _silence,
    ".wav is silent": _silence_without_log_mel,
    ".pkl is damaged": lambda files: files.log_mel.write_bytes(b"\x80\x04"),
}


@pytest.mark.parametrize("reads_ahead", [False, True])
@pytest.mark.parametrize("reason", DAMAGES)
def test_evaluation_leaves_a_damaged_clip_out(subset_copy, reason, reads_ahead):
    root = subset_copy("s4")
    dataset = AVSBench(root, "s4", "test", SIZE)
    DAMAGES[reason](clip_files("s4", root, dataset.entries[3]))

    names = [batch.names[0] for batch in evaluation_batches(dataset, 0, 1, reads_ahead=reads_ahead)]

    assert names == [entry.name for place, entry in enumerate(dataset.entries) if place != 3]
    assert list(dataset.quarantine.reasons) == [3]
    assert reason in dataset.quarantine.reasons[3]


def test_repeated_examples_of_a_short_sound_are_no_silence(subset_copy):
    root = subset_copy("s4")
    dataset = AVSBench(root, "s4", "test", SIZE)
    files = clip_files("s4", root, dataset.entries[0])
    examples = np.random.default_rng(0).standard_normal((1, 1, 96, 64)).astype(np.float32)
    files.log_mel.write_bytes(log_mel_pickle(examples.repeat(5, axis=0), requires_grad=True))

    np.testing.assert_array_equal(dataset[0].log_mel, examples.repeat(5, axis=0))


def test_a_clip_that_was_set_aside_is_read_no_more(coordinate_clip):
    dataset = NumberedClips(coordinate_clip, {5})
    assert dataset.quarantine.attempt(dataset.__getitem__, 5) is None
    dataset.broken = set()
    assert dataset.quarantine.attempt(dataset.__getitem__, 5) is None


def test_silent_clips_are_left_out_or_kept_as_the_configuration_says(subset_copy):
    root = subset_copy("s4")
    choices = (
        MaskigeDataConfig(size=SIZE, maskige="synthetic", silent_clips=choice) for choice in ("left_out", "kept")
    )
    by_default, kept = (AVSBench.configured(ComboConfig(data=choice), root, "test") for choice in choices)
    log_mel = clip_files("s4", by_default.root, by_default.entries[1]).log_mel
    silence = np.full((5, 1, 96, 64), np.log(0.01), dtype=np.float32)
    log_mel.parent.mkdir(parents=True, exist_ok=True)
    log_mel.write_bytes(log_mel_pickle(silence, True))

    def scored(dataset):
        return [batch.names[0] for batch in evaluation_batches(dataset, 0, 1)]

    names = [entry.name for entry in kept.entries]
    assert scored(kept) == names
    assert np.array_equal(kept[1].log_mel, silence)
    assert scored(by_default) == [names[0], *names[2:]]
    assert by_default.quarantine.reasons[1].endswith("or set data.silent_clips=kept")
