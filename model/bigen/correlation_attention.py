"""Visual correlation attention: positions that agree with the neighbouring frame are raised.

The correlation of two frames has a number for every pair of their positions, 3136 x 3136 at the finest stage. Only its
mean over the partner's positions is needed, so it is made row by row in tiles, and made again for the gradients.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from model.precision import at_least_fp32, without_autocast

TILE = 2**22
"""Numbers of the correlation that are held at once, 16 MiB."""


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
        partners = partner_frames(clip_lengths)
        return [
            frames * (1 + gate(mean_correlation(frames, frames[partners])).sigmoid())
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
    positions = height * width
    rows = at_least_fp32(frames).flatten(2).transpose(1, 2)
    columns = at_least_fp32(partners).flatten(2)
    tiles = rows.split(max(1, TILE // (count * positions)), dim=1)
    means = [checkpoint(_row_means, tile, columns, use_reentrant=False, preserve_rng_state=False) for tile in tiles]
    return torch.cat(means, dim=1).view(count, 1, height, width)


def _row_means(rows: Tensor, columns: Tensor) -> Tensor:
    """(N, R, C) and (N, C, P) to (N, R)."""
    return (rows @ columns).relu().mean(2)
