import threading

import pytest
import torch

from model.combo.config import ComboConfig
from model.config import MaskigeDataConfig, TrainingConfig
from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.data.errors import DataError
from model.data.loading import evaluation_batches, training_batches
from model.data.sampler import ShuffledSampler

TENSORS = ("frames", "maskiges", "sound", "clip_lengths", "annotated", "labels", "positions")


def _config(task="s4", batch=4, iterations=6, augment="scale_crop_colour_flip"):
    return ComboConfig(
        seed=11,
        training=TrainingConfig(batch=batch, iterations=iterations),
        data=MaskigeDataConfig(task=task, size=64, augment=augment),
    )


@pytest.fixture(scope="module")
def train(synthetic):
    return AVSBench(synthetic, "s4", "train", size=64)


def _assert_equal(first, second):
    assert first.names == second.names
    for name in TENSORS:
        assert torch.equal(getattr(first, name), getattr(second, name)), name


def _assert_equal_streams(first, second):
    for one, other in zip(list(first), list(second), strict=True):
        _assert_equal(one, other)


def test_shapes_and_types(train):
    batch = next(training_batches(train, _config(), rank=0, world=1, first_step=0, workers=0))

    assert (batch.frames.shape, batch.frames.dtype) == ((20, 3, 64, 64), torch.uint8)
    assert (batch.maskiges.shape, batch.maskiges.dtype) == ((20, 3, 64, 64), torch.uint8)
    assert (batch.sound.shape, batch.sound.dtype) == ((20, 1, 96, 64), torch.float32)
    assert (batch.labels.shape, batch.labels.dtype) == ((4, 64, 64), torch.int64)
    assert (batch.clip_lengths.tolist(), batch.clip_lengths.dtype) == ([5] * 4, torch.int64)
    assert (batch.positions.tolist(), batch.positions.dtype) == ([0, 1, 2, 3], torch.int64)
    assert batch.annotated.reshape(4, 5).sum(dim=1).tolist() == [1] * 4
    assert batch.annotated.dtype == torch.bool


def test_clips_come_in_the_samplers_order(train):
    config = _config()
    sampler = ShuffledSampler(len(train), config.training.batch, config.seed)
    batches = list(training_batches(train, config, rank=0, world=1, first_step=0, workers=0))

    assert len(batches) == config.training.iterations
    for step, batch in enumerate(batches):
        assert batch.names == [train.entries[index].name for index in sampler.global_batch(step)]


def test_loader_workers_change_nothing(train):
    inline, loaded = (training_batches(train, _config(), 0, 1, first_step=1, workers=workers) for workers in (0, 2))

    _assert_equal_streams(inline, loaded)


def test_loader_workers_leave_the_global_generator_alone(train):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    next(training_batches(train, _config(), 0, 1, first_step=0, workers=1))
    assert torch.equal(torch.rand(3), expected)


def test_resuming_gives_the_same_batches(train):
    whole = list(training_batches(train, _config(), 0, 1, first_step=0, workers=0))

    _assert_equal_streams(whole[4:], training_batches(train, _config(), 0, 1, first_step=4, workers=0))


def test_caching_changes_nothing(synthetic, train):
    cached = AVSBench(synthetic, "s4", "train", size=64, cache_bytes=2**30)
    config = _config(iterations=12)

    _assert_equal_streams(
        training_batches(train, config, 0, 1, first_step=0, workers=0),
        training_batches(cached, config, 0, 1, first_step=0, workers=0),
    )


@pytest.mark.parametrize("task", ["s4", "avss"])
def test_ranks_together_see_the_global_batch(synthetic, task):
    dataset = AVSBench(synthetic, task, "train", size=64)
    whole = training_batches(dataset, _config(task), 0, 1, first_step=0, workers=0)
    halves = [training_batches(dataset, _config(task), rank, 2, first_step=0, workers=0) for rank in (0, 1)]
    for batch, first, second in zip(whole, *halves, strict=True):
        assert batch.names == first.names + second.names
        for name in TENSORS:
            assert torch.equal(getattr(batch, name), torch.cat([getattr(first, name), getattr(second, name)])), name


def test_lengths_may_differ_within_a_batch(synthetic):
    dataset = AVSBench(synthetic, "avss", "train", size=64)
    batch = collate([dataset[index] for index in range(len(dataset))], range(len(dataset)))

    assert set(batch.clip_lengths.tolist()) == {5, 10}
    assert len(batch.frames) == len(batch.sound) == len(batch.annotated) == batch.clip_lengths.sum()
    assert len(batch.labels) == batch.annotated.sum()
    _assert_equal(batch, batch.to("cpu"))


@pytest.mark.parametrize("reads_ahead", [False, True])
@pytest.mark.parametrize(("world", "clips"), [(1, 1), (2, 1), (3, 1), (1, 3), (2, 3)])
def test_evaluation_covers_every_clip_once(synthetic, world, clips, reads_ahead):
    dataset = AVSBench(synthetic, "s4", "test", size=64)
    batches = [
        batch
        for rank in range(world)
        for batch in evaluation_batches(dataset, rank, world, clips, reads_ahead=reads_ahead)
    ]

    assert sorted(name for batch in batches for name in batch.names) == sorted(e.name for e in dataset.entries)
    assert max(len(batch.names) for batch in batches) == min(clips, len(dataset) // world)
    for clip in (clip for batch in batches for clip in batch.split(1)):
        assert clip.names == [dataset.entries[int(clip.positions)].name]
        assert torch.equal(clip.frames, torch.from_numpy(dataset[int(clip.positions)].frames))


def test_an_evaluation_that_is_left_early_leaves_no_reader_behind(synthetic):
    before = threading.active_count()
    batches = evaluation_batches(AVSBench(synthetic, "s4", "test", size=64), 0, 1, reads_ahead=True)
    next(batches)
    assert threading.active_count() == before + 1
    batches.close()
    assert threading.active_count() == before


def test_an_uneven_batch_is_refused_at_once(train):
    with pytest.raises(DataError, match="does not divide among 3 workers"):
        training_batches(train, _config(), 0, 3, first_step=0, workers=0)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_unreadable_split_is_refused_at_once_without_a_traceback(subset_copy, workers):
    root = subset_copy("s4")
    for path in (root / "s4_data" / "visual_frames" / "train").rglob("*_2.png"):
        path.unlink()
    batches = training_batches(AVSBench(root, "s4", "train", size=64), _config(), 0, 1, first_step=0, workers=workers)
    with pytest.raises(DataError, match=r"^2 of 14 train clips cannot be used.* \S+_2\.png is missing: [^\n]+$"):
        next(batches)


def test_clips_of_several_sizes_are_refused(synthetic, coordinate_clip):
    small = AVSBench(synthetic, "s4", "val", size=64)[0]
    large = type(small)(**{**vars(small), "frames": small.frames.repeat(2, axis=-1)})
    with pytest.raises(DataError, match="do not fit into one batch"):
        collate([large, coordinate_clip], [0, 1])
