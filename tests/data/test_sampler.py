import pytest

from model.data.errors import DataError
from model.data.sampler import ShuffledSampler, shard_positions


def _stream(sampler, steps):
    return [index for step in range(steps) for index in sampler.global_batch(step)]


@pytest.mark.parametrize(("clips", "batch"), [(10, 4), (7, 7), (3, 8), (1, 1), (100, 8)])
def test_every_epoch_shows_every_clip_once(clips, batch):
    stream = _stream(ShuffledSampler(clips, batch, seed=0), steps=clips * 4)

    for epoch in range(len(stream) // clips):
        assert sorted(stream[epoch * clips : (epoch + 1) * clips]) == list(range(clips))


def test_epochs_and_seeds_differ():
    sampler = ShuffledSampler(50, 10, seed=0)

    assert list(sampler.epoch_order(0)) != list(sampler.epoch_order(1))
    assert list(sampler.epoch_order(0)) != list(ShuffledSampler(50, 10, seed=1).epoch_order(0))


def test_resuming_needs_the_step_only():
    whole = [ShuffledSampler(10, 4, seed=3).global_batch(step) for step in range(9)]

    assert [ShuffledSampler(10, 4, seed=3).global_batch(step) for step in range(5, 9)] == whole[5:]


def test_order_is_pinned():
    """A change here changes every trial: it would need new trial keys."""
    assert ShuffledSampler(10, 4, seed=0).global_batch(2) == [1, 4, 0, 3]


@pytest.mark.parametrize("world", [1, 2, 4, 8])
def test_shards_in_order_are_the_global_batch(world):
    shards = [position for rank in range(world) for position in shard_positions(8, rank, world)]

    assert shards == list(range(8))


def test_uneven_shards_are_refused():
    with pytest.raises(DataError, match="batch of 8 clips does not divide among 3 workers"):
        shard_positions(8, 0, 3)


@pytest.mark.parametrize(("clips", "batch"), [(0, 4), (4, 0)])
def test_nothing_to_draw_is_refused(clips, batch):
    with pytest.raises(DataError, match="must be at least 1"):
        ShuffledSampler(clips, batch, seed=0)
