"""Multi-scale deformable attention (Deformable DETR, equation 3) in plain PyTorch."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Shapes = list[tuple[int, int]]
"""Height and width of every level."""


def deformable_sample(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """Weighted sum of bilinear samples from every level; samples outside a level are zero.

    Args:
        value: (N, S, heads, D) with S = sum of H*W over the levels, in level order.
        shapes: the L levels' sizes.
        locations: (N, Lq, heads, L, P, 2) as (x, y) in [0, 1] of each level.
        weights: (N, Lq, heads, L, P), summing to one over levels and points.

    Returns:
        (N, Lq, heads * D).
    """
    batch, _, heads, width = value.shape
    queries, points = locations.shape[1], locations.shape[4]
    grids = (2 * locations - 1).permute(3, 0, 2, 1, 4, 5).flatten(1, 2)
    sampled = []
    for level, (height, breadth) in enumerate(shapes):
        start = sum(h * w for h, w in shapes[:level])
        plane = value[:, start : start + height * breadth].permute(0, 2, 3, 1).reshape(-1, width, height, breadth)
        sampled.append(F.grid_sample(plane, grids[level], align_corners=False))
    levels = len(shapes)
    mix = weights.permute(0, 2, 1, 3, 4).reshape(batch * heads, 1, queries, levels * points)
    mixed = (torch.cat(sampled, dim=3) * mix).sum(3)
    return mixed.view(batch, heads * width, queries).transpose(1, 2)


class DeformableAttention(nn.Module):
    """Each query samples a few learned points around its reference on every level.

    Args:
        width: channels C of queries and values.
        heads: attention heads.
        levels: levels of the pyramid.
        points: samples per head and level.
    """

    def __init__(self, width: int, heads: int, levels: int, points: int) -> None:
        super().__init__()
        self.heads, self.levels, self.points = heads, levels, points
        self.sampling_offsets = nn.Linear(width, heads * levels * points * 2)
        self.attention_weights = nn.Linear(width, heads * levels * points)
        self.value_projection = nn.Linear(width, width)
        self.output_projection = nn.Linear(width, width)
        self._initialise()

    def _initialise(self) -> None:
        """Offsets start as one compass direction per head, at distance 1..P; all points weigh the same."""
        angle = torch.arange(self.heads, dtype=torch.float32) * (2 * math.pi / self.heads)
        compass = torch.stack((angle.cos(), angle.sin()), dim=1)
        compass = compass / compass.abs().amax(1, keepdim=True)
        distance = torch.arange(1, self.points + 1, dtype=torch.float32)
        offsets = compass[:, None, None, :] * distance[None, None, :, None]
        with torch.no_grad():
            self.sampling_offsets.bias.copy_(offsets.expand(-1, self.levels, -1, -1).flatten())
        nn.init.zeros_(self.sampling_offsets.weight)
        nn.init.zeros_(self.attention_weights.weight)
        nn.init.zeros_(self.attention_weights.bias)
        for projection in (self.value_projection, self.output_projection):
            nn.init.xavier_uniform_(projection.weight)
            nn.init.zeros_(projection.bias)

    def forward(self, query: Tensor, reference: Tensor, value: Tensor, shapes: Shapes) -> Tensor:
        """Attends from every query.

        Args:
            query: (N, Lq, C).
            reference: (1 or N, Lq, 2) reference points (x, y) in [0, 1], the same on every level.
            value: (N, S, C).
            shapes: the levels' sizes.

        Returns:
            (N, Lq, C).
        """
        batch, queries, _ = query.shape
        sizes = query.new_tensor([(width, height) for height, width in shapes])
        offsets = self.sampling_offsets(query).view(batch, queries, self.heads, self.levels, self.points, 2)
        locations = reference[:, :, None, None, None, :] + offsets / sizes[:, None, :]
        weights = self.attention_weights(query).view(batch, queries, self.heads, -1).softmax(3)
        weights = weights.view(batch, queries, self.heads, self.levels, self.points)
        heads_of_value = self.value_projection(value).view(batch, value.shape[1], self.heads, -1)
        return self.output_projection(deformable_sample(heads_of_value, shapes, locations, weights))
