"""Which clips a training step sees: a pure function of seed and step, so resuming needs no state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.data.errors import DataError

SHUFFLING_STREAM = 2**32 - 1
"""Third seed word; clips are augmented with their position in the batch there, which is never this large."""


@dataclass(frozen=True)
class ShuffledSampler:
    """Endless shuffling without replacement within an epoch; batches run on over the ends of epochs."""

    clips: int
    """Size of the data set."""
    batch: int
    """Clips per step over all ranks."""
    seed: int

    def __post_init__(self) -> None:
        """Refuses an empty data set or batch with a DataError."""
        if self.clips < 1 or self.batch < 1:
            raise DataError(f"cannot draw batches of {self.batch} from {self.clips} clips: both must be at least 1")

    def epoch_order(self, epoch: int) -> NDArray[np.int64]:
        """The permutation of all clips in an epoch, (clips,)."""
        return np.random.default_rng([self.seed, epoch, SHUFFLING_STREAM]).permutation(self.clips)

    def global_batch(self, step: int) -> list[int]:
        """Indices of the clips of a step, in order of their position in the batch."""
        first = step * self.batch
        epochs, offsets = np.divmod(np.arange(first, first + self.batch), self.clips)
        orders = {epoch: self.epoch_order(epoch) for epoch in np.unique(epochs).tolist()}
        return [int(orders[epoch][offset]) for epoch, offset in zip(epochs.tolist(), offsets.tolist(), strict=True)]


def shard_positions(batch: int, rank: int, world: int) -> range:
    """Positions in the global batch that a rank works on; ranks in order give the whole batch.

    Raises:
        DataError: if the batch does not divide evenly.
    """
    if batch % world:
        raise DataError(
            f"a batch of {batch} clips does not divide among {world} workers: change training.batch or workers"
        )
    share = batch // world
    return range(rank * share, (rank + 1) * share)
