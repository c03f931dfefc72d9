"""Random points at which masks are compared instead of every pixel (PointRend; Mask2Former section 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from model.combo.config import LossConfig
from model.precision import at_least_fp32
from model.transfers import to_device

GOLDEN, FIRST_FACTOR, SECOND_FACTOR = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""Constants of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014)."""
RANDOM_BITS = 24
"""Bits of a coordinate: as many as float32 holds."""
KINDS = ("matching", "candidates", "others")
MASKS_PER_FRAME = 256
"""Most masks of a frame: no label map has more classes."""


@dataclass(frozen=True)
class Draw:
    """What is drawn in a step, for one prediction after the other: uniform points (x, y) in [0, 1]^2.

    Attributes:
        matching: (F, P, 2) of each prediction, where all masks of a supervised frame are matched.
        candidates: (N, C, 2) of each prediction, of which the most uncertain are taken; N matched masks.
        others: (N, R, 2) of each prediction, taken as they are.
    """

    matching: Sequence[Tensor]
    candidates: Sequence[Tensor]
    others: Sequence[Tensor]


class PointSource(Protocol):
    """Gives the points of a step."""

    def draw(self, predictions: int, masks: Sequence[int], config: LossConfig) -> Draw:
        """Points for so many predictions, of each of which so many masks of each supervised frame are matched."""
        ...


@dataclass(frozen=True)
class PointCounts:
    """Points per mask: P to match with, C candidates, of which `certain` are taken, R others; `certain` + R are P."""

    matching: int
    candidates: int
    certain: int
    others: int

    @classmethod
    def of(cls, config: LossConfig) -> PointCounts:
        """As a trial says."""
        certain = int(config.importance * config.points)
        return cls(config.points, int(config.points * config.oversample), certain, config.points - certain)


class DrawRows(Protocol):
    """Gives the next uniform points."""

    def __call__(self, frames: Sequence[int], count: int) -> Tensor:
        """(len(frames), count, 2) for masks that lie in these supervised frames, in order."""
        ...


def draw_in_turn(rows: DrawRows, predictions: int, masks: Sequence[int], config: LossConfig) -> Draw:
    """Points in the order of the authors' code: of each prediction those to match with, candidates, others."""
    count = PointCounts.of(config)
    frames = [frame for frame, number in enumerate(masks) for _ in range(number)]
    drawn = [
        (rows(range(len(masks)), count.matching), rows(frames, count.candidates), rows(frames, count.others))
        for _ in range(predictions)
    ]
    return Draw(*map(list, zip(*drawn, strict=True)))


class KeyedPoints:
    """Points that depend on seed, step and place in the global batch, not on how the batch is spread over workers.

    Each supervised frame owns a generator, so one worker with all clips and several with some draw the same points.

    Args:
        seed: of the trial.
        step: optimiser step.
        places: place of each supervised frame in the global batch.
        device: where points are needed.
    """

    def __init__(self, seed: int, step: int, places: Sequence[int], device: torch.device) -> None:
        self._generators = [torch.Generator(device).manual_seed(_mix(seed, step, place)) for place in places]
        self._device = device

    def draw(self, predictions: int, masks: Sequence[int], config: LossConfig) -> Draw:
        """See `PointSource`; drawn anew with every call."""
        return draw_in_turn(self.rows, predictions, masks, config)

    def rows(self, frames: Sequence[int], count: int) -> Tensor:
        """See `DrawRows`."""
        rows = [torch.rand(count, 2, generator=self._generators[frame], device=self._device) for frame in frames]
        return torch.stack(rows) if rows else torch.empty(0, count, 2, device=self._device)


class CountedPoints:
    """The same dependence without generators: each number is a hash of seed, step, place and its own place in the draw.

    So all points of a prediction are drawn at once, when they are needed and not before. They are other points than
    those of `KeyedPoints`, and the same on every device.

    Args:
        seed: of the trial.
        step: optimiser step.
        places: place of each supervised frame in the global batch.
        device: where points are needed.
        hashed: `hashed_points`, or the same compiled.
    """

    def __init__(
        self,
        seed: int,
        step: int,
        places: Sequence[int],
        device: torch.device,
        hashed: Callable[[Tensor, Tensor], Tensor] | None = None,
    ) -> None:
        self._keys = np.array([_mix(seed, step, place) for place in places], dtype=np.uint64)
        self._device, self._hashed = device, hashed or hashed_points

    def draw(self, predictions: int, masks: Sequence[int], config: LossConfig) -> Draw:
        """See `PointSource`."""
        count = PointCounts.of(config)
        frames = np.repeat(np.arange(len(masks)), masks)
        numbers = np.concatenate([np.arange(number) for number in masks]) if masks else frames
        every = np.arange(len(masks))
        starts = [
            self._starts(predictions, kind, *rows)
            for kind, rows in enumerate([(every, np.zeros_like(every)), (frames, numbers), (frames, numbers)])
        ]
        sizes = [start.size for start in starts]
        flat = to_device(
            torch.from_numpy(np.concatenate([start.ravel() for start in starts]).view(np.int64)), self._device
        )
        rows = [part.view(predictions, -1) for part in flat.split(sizes)]
        counts = (count.matching, count.candidates, count.others)
        return Draw(*(_Hashed(starts, number, self._hashed) for starts, number in zip(rows, counts, strict=True)))

    def _starts(
        self, predictions: int, kind: int, frames: NDArray[np.int64], numbers: NDArray[np.int64]
    ) -> NDArray[np.uint64]:
        """(predictions, rows): where the numbers of each row begin; rows are 2 ** 32 numbers apart."""
        draws = (np.arange(predictions) * len(KINDS) + kind)[:, None] * MASKS_PER_FRAME + numbers
        return self._keys[frames] + (draws.astype(np.uint64) << np.uint64(32)) * np.uint64(GOLDEN)


class _Hashed(Sequence[Tensor]):
    """Points (rows, count, 2) of each prediction, drawn each time that they are asked for."""

    def __init__(self, starts: Tensor, count: int, hashed: Callable[[Tensor, Tensor], Tensor]) -> None:
        self._starts, self._offsets, self._hashed = starts, offsets(count, starts.device), hashed

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, prediction: int) -> Tensor:  # type: ignore[override]
        return self._hashed(self._starts[prediction], self._offsets)


def offsets(count: int, device: torch.device) -> Tensor:
    """How far the numbers of a row are from its first, (count,) int64 that overflow as they should.

    PyTorch's compiler would reckon with them as with places in memory, in 32 bits on a GPU, so they are made outside
    of what it compiles.
    """
    return torch.arange(count, device=device) * _signed(GOLDEN)


def hashed_points(starts: Tensor, distances: Tensor) -> Tensor:
    """Points (rows, count, 2), the same on every device.

    Args:
        starts: (rows,) int64, where the numbers of each row begin.
        distances: from `offsets`.
    """
    bits = starts[:, None] + distances
    for shift, factor in ((30, FIRST_FACTOR), (27, SECOND_FACTOR)):
        bits = bits.bitwise_xor_(_shifted(bits, shift)).mul_(_signed(factor))
    bits.bitwise_xor_(_shifted(bits, 31))
    low = 2**RANDOM_BITS - 1
    return torch.stack((_shifted(bits, 64 - RANDOM_BITS), bits & low), dim=2).to(torch.get_default_dtype()) / (low + 1)


def _shifted(bits: Tensor, by: int) -> Tensor:
    """int64 shifted to the right as if it had no sign."""
    return (bits >> by).bitwise_and_(2 ** (64 - by) - 1)


def _signed(number: int) -> int:
    """A number below 2 ** 64 as the int64 with the same bits."""
    return number - 2**64 if number >= 2**63 else number


def _mix(*parts: int) -> int:
    """One 63-bit number per tuple; neighbouring tuples give unrelated numbers (splitmix64)."""
    state = 0
    for part in parts:
        state = (state + part + GOLDEN) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 30)) * FIRST_FACTOR) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 27)) * SECOND_FACTOR) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state >> 1


def sample_points(masks: Tensor, points: Tensor) -> Tensor:
    """Bilinear values of masks at points; outside is zero.

    Args:
        masks: (N, H, W); half precision is read as fp32.
        points: (N or 1, P, 2) as (x, y) in [0, 1].

    Returns:
        (N, P).
    """
    grid = (2 * points - 1)[:, :, None].expand(masks.shape[0], -1, -1, -1)
    return F.grid_sample(at_least_fp32(masks)[:, None], grid, align_corners=False)[:, 0, :, 0]


def uncertain_points(mask_logits: Tensor, candidates: Tensor, others: Tensor, certain: int) -> Tensor:
    """Points of which most lie where the mask is undecided.

    Args:
        mask_logits: (N, H, W), detached.
        candidates: (N, C, 2).
        others: (N, R, 2), taken as they are.
        certain: how many of the candidates are taken, the most uncertain.

    Returns:
        (N, certain + R, 2).
    """
    nearest_zero = sample_points(mask_logits, candidates).abs().topk(certain, dim=1, largest=False).indices
    chosen = candidates.gather(1, nearest_zero[:, :, None].expand(-1, -1, 2))
    return torch.cat((chosen, others), dim=1)
