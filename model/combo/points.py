"""Random points at which masks are compared instead of every pixel (PointRend; Mask2Former section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from model.precision import at_least_fp32


class PointSource(Protocol):
    """Gives uniform points in [0, 1]^2."""

    def draw(self, frames: Sequence[int], count: int) -> Tensor:
        """Points (len(frames), count, 2) as (x, y), for masks that lie in these supervised frames, in order."""
        ...


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

    def draw(self, frames: Sequence[int], count: int) -> Tensor:
        """See `PointSource`."""
        rows = [torch.rand(count, 2, generator=self._generators[frame], device=self._device) for frame in frames]
        return torch.stack(rows) if rows else torch.empty(0, count, 2, device=self._device)


def _mix(*parts: int) -> int:
    """One 63-bit number per tuple; neighbouring tuples give unrelated numbers (splitmix64)."""
    state = 0
    for part in parts:
        state = (state + part + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
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


def uncertain_points(
    mask_logits: Tensor, frames: Sequence[int], source: PointSource, count: int, oversample: float, importance: float
) -> Tensor:
    """Points of which most lie where the mask is undecided.

    Args:
        mask_logits: (N, H, W), detached.
        frames: supervised frame of each mask.
        source: of uniform points.
        count: P, points per mask.
        oversample: candidates per point.
        importance: share of the points taken from the most uncertain candidates.

    Returns:
        (N, P, 2).
    """
    candidates = source.draw(frames, int(count * oversample))
    certain = int(importance * count)
    nearest_zero = sample_points(mask_logits, candidates).abs().topk(certain, dim=1, largest=False).indices
    chosen = candidates.gather(1, nearest_zero[:, :, None].expand(-1, -1, 2))
    return torch.cat((chosen, source.draw(frames, count - certain)), dim=1)
