"""Visual correlation attention: positions that agree with the neighbouring frame are raised.

The correlation of two frames has a number for every pair of their positions, 3136 x 3136 at the finest stage. Only its
mean over the partner's positions is needed, so it is made in tiles, and made again for the gradients. What is spared
by tiles that stay in the processor's cache is more than what the second product costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from model.precision import at_least_fp32, without_autocast
from model.transfers import to_device

TILE = 2**19
"""Numbers of the correlation that a CPU holds at once, 2 MiB: what its second cache takes."""
ACCELERATOR_TILE = 2**22
"""The same on other devices, 16 MiB: each tile starts kernels of its own there."""


class CorrelationAttention(nn.Module):
    """Raises each stage of a clip by its correlation with the frames' partners.

    Args:
        stages: how many maps there are.
    """

    def __init__(self, stages: int) -> None:
        super().__init__()
        self.gates = nn.ModuleList(nn.Conv2d(1, 1, 1) for _ in range(stages))

    def forward(self, maps: list[Tensor], clip_lengths: Sequence[int]) -> list[Tensor]:
        """Maps (BT, C, H_i, W_i) to maps of the same shapes, between one and two times as large.

        Args:
            maps: one per stage.
            clip_lengths: frames per clip; they sum to BT.
        """
        return [frames * (1 + gate) for frames, gate in zip(maps, self.attention(maps, clip_lengths), strict=True)]

    def attention(self, maps: list[Tensor], clip_lengths: Sequence[int]) -> list[Tensor]:
        """By how much each position is raised, (BT, 1, H_i, W_i) from 0 to 1; see `forward` for the arguments."""
        partners = to_device(torch.tensor(partner_frames(clip_lengths)), maps[0].device)
        return [
            gate(mean_correlation(frames, frames[partners])).sigmoid()
            for gate, frames in zip(self.gates, maps, strict=True)
        ]


def partner_frames(clip_lengths: Sequence[int]) -> list[int]:
    """By frame, the index of the next one; of the one before for the last of a clip, of itself if it is alone."""
    partners: list[int] = []
    for length in clip_lengths:
        first = len(partners)
        partners += [first + frame + 1 for frame in range(length - 1)]
        partners.append(first + max(length - 2, 0))
    return partners


@without_autocast
def mean_correlation(frames: Tensor, partners: Tensor) -> Tensor:
    """Rectified products of a position with all positions of the partner, averaged.

    Args:
        frames: (N, C, H, W).
        partners: (N, C, H, W).

    Returns:
        (N, 1, H, W), in fp32 where the frames are in half precision.
    """
    count, _, height, width = frames.shape
    rows = at_least_fp32(frames).flatten(2).transpose(1, 2)
    means: Tensor = _RowMeans.apply(rows, at_least_fp32(partners).flatten(2))
    return means.view(count, 1, height, width)


class _RowMeans(torch.autograd.Function):
    """Mean of each row of the rectified product of (N, P, C) and (N, C, P), which is never held as a whole.

    Its gradients are written out, because autograd would keep either every tile or what each tile adds to them.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, columns: Tensor) -> Tensor:
        """(N, P, C) and (N, C, P) to (N, P)."""
        ctx.save_for_backward(rows, columns)
        means = rows.new_empty(rows.shape[:2])
        for frames, positions in _tiles(rows):
            means[frames, positions] = (rows[frames, positions] @ columns[frames]).relu_().mean(2)
        return means

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """A product that is rectified passes nothing on; each of the others, its share of its row's mean."""
        rows, columns = ctx.saved_tensors
        shares = gradient[:, :, None] / rows.shape[1]
        shared = (rows * shares).transpose(1, 2)
        of_rows, of_columns = torch.empty_like(rows), torch.zeros_like(columns)
        for frames, positions in _tiles(rows):
            passes = (rows[frames, positions] @ columns[frames]).gt_(0)
            of_rows[frames, positions] = passes @ columns[frames].transpose(1, 2)
            of_columns[frames].baddbmm_(shared[frames, :, positions], passes)
        return of_rows.mul_(shares), of_columns


def _tiles(rows: Tensor) -> list[tuple[slice, slice]]:
    """Frames, and positions in them, of the rows (N, P, C) that are multiplied together."""
    count, positions, _ = rows.shape
    tile = TILE if rows.is_cpu else ACCELERATOR_TILE
    height = min(positions, max(1, tile // positions))
    together = max(1, tile // (height * positions))
    return [
        (slice(frame, frame + together), slice(position, position + height))
        for frame in range(0, count, together)
        for position in range(0, positions, height)
    ]
