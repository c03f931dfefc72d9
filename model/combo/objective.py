"""COMBO's training loss as training asks for it: targets from labels, points from seed and step, counts of parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress

import torch
from torch import Tensor

from model.combo.batched_criterion import BatchedCriterion
from model.combo.config import ComboConfig
from model.combo.criterion import Counts, SetCriterion, Supervision
from model.combo.points import CountedPoints, KeyedPoints, PointSource, hashed_points
from model.combo.query_decoder import Prediction
from model.combo.targets import frame_targets
from model.data.batch import Batch

POSITIONS_PER_CLIP = 1000
"""More than any clip has frames; spaces the frames of one clip from those of the next."""


def annotated_positions(batch: Batch) -> list[int]:
    """What keys the points of each annotated frame: the place of its clip in the global batch, its own in the clip."""
    positions = [
        int(position) * POSITIONS_PER_CLIP + frame
        for position, length in zip(batch.positions, batch.clip_lengths, strict=True)
        for frame in range(int(length))
    ]
    return list(compress(positions, batch.annotated.tolist()))


@dataclass(frozen=True)
class Supervised:
    """A part of a batch: what is known of it, and where its masks are compared."""

    supervision: Supervision
    points: PointSource


class ComboObjective:
    """See `model.interface.Objective`.

    Args:
        config: the trial.
    """

    def __init__(self, config: ComboConfig) -> None:
        self._seed = config.seed
        is_batched = config.loss.arithmetic == "batched"
        self._points: Callable[..., PointSource] = CountedPoints if is_batched else KeyedPoints
        kind = BatchedCriterion if is_batched else SetCriterion
        self._criterion = kind(config.loss, config.truths, config.classes)

    def compile(self) -> None:
        """See `model.interface.CompilableObjective`; frame by frame, shapes differ from each to the next."""
        if isinstance(self._criterion, BatchedCriterion):
            self._criterion.compile()
            self._points = partial(CountedPoints, hashed=torch.compile(hashed_points, dynamic=True))

    def supervise(self, batch: Batch, step: int) -> Supervised:
        """Points are keyed by `annotated_positions`."""
        targets = frame_targets(batch.labels, batch.present)
        return Supervised(
            Supervision.of(batch.annotated, targets, batch.clip_lengths.tolist()),
            self._points(self._seed, step, annotated_positions(batch), batch.frames.device),
        )

    def counts(self, parts: Sequence[Supervised]) -> Sequence[float]:
        """Targets, annotated frames, and chunks of the consistency loss."""
        counts = self._criterion.counts([part.supervision for part in parts])
        return (counts.masks, counts.frames, counts.chunks)

    def losses(self, outputs: list[Prediction], supervision: Supervised, counts: Sequence[float]) -> dict[str, Tensor]:
        """See `SetCriterion`."""
        return self._criterion(outputs, supervision.supervision, supervision.points, Counts(*counts))

    def weighted_sum(self, losses: Mapping[str, Tensor]) -> Tensor:
        """See `SetCriterion`."""
        return self._criterion.weighted_sum(losses)
