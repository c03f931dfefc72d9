"""Deformable sampling on a CPU as a sum over rows: each query and head reads the 4 L P pixels around its points.

The reference holds every sample, D numbers of it; here only the places and weights of pixels are held, and the rows are
added up as they are read. Bit-exact: no, as sums have another order; the same inputs give the same bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional as F

from model.layers.deformable.plain import Shapes
from model.precision import at_least_fp32

AT_A_TIME = 2**18
"""Samples that are taken at a time, by whole frames: few for the cache."""


def gather_sample(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """See `plain_sample`; on a CPU, in fp32 or fp64."""
    step = max(1, AT_A_TIME // weights[0].numel())
    inputs = (at_least_fp32(tensor).split(step) for tensor in (value, locations, weights))
    parts = [_GatherSample.apply(part, shapes, *points) for part, *points in zip(*inputs, strict=True)]
    return torch.cat(parts)


class _Axis(NamedTuple):
    """One coordinate of all points: the two pixels beside each.

    Attributes:
        first: (N, Lq, heads, L, P) index of the lower pixel, within the map.
        second: of the upper one.
        low: share of the lower pixel, 0 where it is outside.
        high: of the upper one.
        has_first: whether the lower pixel is inside.
        has_second: whether the upper one is.
    """

    first: Tensor
    second: Tensor
    low: Tensor
    high: Tensor
    has_first: Tensor
    has_second: Tensor


class _GatherSample(torch.autograd.Function):
    """Derivatives by hand: those that autograd would record take three times as long."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
        frames, pixels, heads, width = value.shape
        across = _axis(locations[..., 0], [breadth for _, breadth in shapes])
        down = _axis(locations[..., 1], [height for height, _ in shapes])
        rows = _rows(across, down, shapes, frames, pixels, heads)
        above, below = weights * down.low, weights * down.high
        mix = torch.stack((above * across.low, above * across.high, below * across.low, below * across.high), 5)
        table = value.reshape(-1, width)
        ctx.save_for_backward(table, rows, mix, weights, *across[2:], *down[2:])
        ctx.shapes, ctx.value_shape = shapes, value.shape
        bags = frames * locations.shape[1] * heads
        summed = F.embedding_bag(rows.view(bags, -1), table, per_sample_weights=mix.view(bags, -1), mode="sum")
        return summed.view(frames, -1, heads * width)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, Tensor, Tensor]:
        table, rows, mix, weights, left, right, has_left, has_right, top, bottom, has_top, has_bottom = (
            ctx.saved_tensors
        )
        wanted = gradient.reshape(-1, table.shape[1])
        corners = _products(table, rows.view(len(wanted), -1), wanted).view(rows.shape)
        top_left, top_right, bottom_left, bottom_right = corners.unbind(5)
        at_top, at_bottom = top_left * left + top_right * right, bottom_left * left + bottom_right * right
        at_left, at_right = top_left * top + bottom_left * bottom, top_right * top + bottom_right * bottom
        heights, breadths = weights.new_tensor(ctx.shapes).unsqueeze(2).unbind(1)
        along_x = (at_right * has_right - at_left * has_left) * weights * breadths
        along_y = (at_bottom * has_bottom - at_top * has_top) * weights * heights
        of_value = _summed_by_row(rows.view(len(wanted), -1), mix.view(len(wanted), -1), wanted, len(table))
        of_weights = top * at_top + bottom * at_bottom
        return of_value.view(ctx.value_shape), None, torch.stack((along_x, along_y), 5), of_weights


def _axis(coordinates: Tensor, sides: list[int]) -> _Axis:
    """The pixels beside coordinates (N, Lq, heads, L, P) in [0, 1] of levels with these sides."""
    side = coordinates.new_tensor(sides)[:, None]
    last = side - 1
    position = coordinates * side - 0.5
    lower = position.floor()
    share = position - lower
    has_first = (lower >= 0) & (lower <= last)
    has_second = (lower >= -1) & (lower < last)
    # As integers before they are kept within the map: a network that has diverged gives NaN, which no bound holds.
    first, second = (index.clamp(min=0).minimum(last.int()) for index in (lower.int(), lower.int() + 1))
    return _Axis(first, second, (1 - share) * has_first, share * has_second, has_first, has_second)


def _rows(across: _Axis, down: _Axis, shapes: Shapes, frames: int, pixels: int, heads: int) -> Tensor:
    """(N, Lq, heads, L, P, 4) rows of the value (N * S * heads, D): top left, top right, bottom left, bottom right."""
    areas = torch.tensor([height * breadth for height, breadth in shapes], dtype=torch.int32)
    starts = (areas.cumsum(0, dtype=torch.int32) - areas)[:, None]
    breadths = torch.tensor([[breadth] for _, breadth in shapes], dtype=torch.int32)
    frame = torch.arange(frames, dtype=torch.int32).view(-1, 1, 1, 1, 1)
    corner = (frame * pixels + starts) * heads + torch.arange(heads, dtype=torch.int32)[:, None, None]
    top, bottom = (corner + row * (breadths * heads) for row in (down.first, down.second))
    left, right = across.first * heads, across.second * heads
    return torch.stack((top + left, top + right, bottom + left, bottom + right), 5)


def _products(table: Tensor, rows: Tensor, wanted: Tensor) -> Tensor:
    """(B, K) scalar products of wanted (B, D) with the rows (B, K) of the table."""
    with torch.enable_grad():
        ones = table.new_ones(rows.shape, requires_grad=True)
        summed = F.embedding_bag(rows, table, per_sample_weights=ones, mode="sum")
        (products,) = torch.autograd.grad(summed, ones, wanted)
    return products


def _summed_by_row(rows: Tensor, mix: Tensor, wanted: Tensor, count: int) -> Tensor:
    """(count, D) sum of wanted (B, D) over the places (B, K) that name a row, weighted by their mix.

    SciPy turns lists of rows into lists of places by counting, in a fifth of the time that sorting them takes.
    """
    ends = np.arange(0, rows.numel() + 1, rows.shape[1], dtype=np.int32)
    by_row = csr_array((mix.view(-1).numpy(), rows.view(-1).numpy(), ends), shape=(len(rows), count)).tocsc()
    bags, starts, shares = (torch.from_numpy(part) for part in (by_row.indices, by_row.indptr[:-1], by_row.data))
    return F.embedding_bag(bags, wanted, starts, per_sample_weights=shares, mode="sum")
