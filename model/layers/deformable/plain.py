"""The reference of deformable sampling: one `grid_sample` per level."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

Shapes = list[tuple[int, int]]
"""Height and width of every level."""


def plain_sample(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
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
