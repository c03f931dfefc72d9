"""Deformable sampling on a GPU as two Triton kernels: nothing is held but inputs, output and gradients.

A program takes some queries of one head of one frame. Sums are in fp32 whatever the value is in. Bit-exact: no, and
from run to run neither: gradients of the value are added in whatever order programs end, as those of `grid_sample` are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from model.layers.deformable.plain import Shapes

QUERIES = 32
"""Queries of a program."""


def kernel_sample(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """See `plain_sample`; on a GPU, or in Triton's interpreter. Locations and weights are taken in fp32."""
    places, shares = locations.float().contiguous(), weights.float().contiguous()
    return _KernelSample.apply(value.contiguous(), tuple(shapes), places, shares)


class _KernelSample(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, shapes: tuple[tuple[int, int], ...], places: Tensor, shares: Tensor) -> Tensor:
        frames, _, heads, width = value.shape
        output = value.new_empty(frames, places.shape[1], heads * width)
        levels = _levels(shapes, value.device)
        with torch.cuda.device_of(value):  # Triton starts a kernel on the current GPU, whichever holds the tensors
            _forward[_grid(places)](value, levels, places, shares, output, *_sizes(value, places))
        ctx.save_for_backward(value, places, shares)
        ctx.shapes = shapes
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, Tensor, Tensor]:
        value, places, shares = ctx.saved_tensors
        of_value = torch.zeros_like(value, dtype=torch.float32)
        of_places, of_shares = torch.empty_like(places), torch.empty_like(shares)
        levels, wanted = _levels(ctx.shapes, value.device), gradient.contiguous()
        found = (of_value, of_places, of_shares)
        with torch.cuda.device_of(value):
            _backward[_grid(places)](value, levels, places, shares, wanted, *found, *_sizes(value, places))
        return of_value.to(value.dtype), None, of_places, of_shares


@lru_cache(maxsize=64)
def _levels(shapes: tuple[tuple[int, int], ...], device: torch.device) -> Tensor:
    """(L, 3) height, width and first pixel of each level; copied to a GPU once."""
    starts = [sum(height * breadth for height, breadth in shapes[:level]) for level in range(len(shapes))]
    rows = [(height, breadth, start) for (height, breadth), start in zip(shapes, starts, strict=True)]
    return torch.tensor(rows, dtype=torch.int32, device=device)


def _grid(places: Tensor) -> tuple[int]:
    frames, queries, heads = places.shape[:3]
    return (frames * heads * triton.cdiv(queries, QUERIES),)


def _sizes(value: Tensor, places: Tensor) -> tuple[int, ...]:
    """The last arguments of both kernels."""
    _, pixels, heads, width = value.shape
    _, queries, _, levels, points, _ = places.shape
    return pixels, queries, heads, width, levels, points, QUERIES, triton.next_power_of_2(width)


@triton.jit
def _place(queries, heads, QUERIES: tl.constexpr, WIDTH: tl.constexpr):
    """Frame and head of a program, the (QUERIES, 1) rows of its queries, which of them there are, and its channels."""
    blocks = tl.cdiv(queries, QUERIES)
    pair = tl.program_id(0) // blocks
    frame, head = (pair // heads).to(tl.int64), pair % heads
    query = (tl.program_id(0) % blocks) * QUERIES + tl.arange(0, QUERIES)[:, None]
    channel = tl.arange(0, WIDTH)[None, :]
    return frame, head, (frame * queries + query) * heads + head, query < queries, channel


@triton.jit
def _corner(value, start, y, x, height, breadth, heads, head, width, channel, is_there):
    """Offsets (QUERIES, WIDTH) of a pixel of the map that begins at `start`, which of them are inside, and values."""
    is_inside = is_there & (y >= 0) & (y < height) & (x >= 0) & (x < breadth) & (channel < width)
    pixel = start + y.to(tl.int64) * breadth + x.to(tl.int64)
    offset = (pixel * heads + head) * width + channel
    return offset, is_inside, tl.load(value + offset, mask=is_inside, other=0.0).to(tl.float32)


@triton.jit
def _point(places, shares, point, height, breadth, is_there):
    """A point of each query: its upper left pixel, how far right and below of it the point is, and its weight."""
    x = tl.load(places + 2 * point, mask=is_there, other=0.0) * breadth - 0.5
    y = tl.load(places + 2 * point + 1, mask=is_there, other=0.0) * height - 0.5
    left, top = tl.floor(x), tl.floor(y)
    return left, top, x - left, y - top, tl.load(shares + point, mask=is_there, other=0.0)


@triton.jit
def _forward(
    value, levels, places, shares, output, pixels, queries, heads, width,
    LEVELS: tl.constexpr, POINTS: tl.constexpr, QUERIES: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    frame, head, row, is_there, channel = _place(queries, heads, QUERIES, WIDTH)
    total = tl.zeros((QUERIES, WIDTH), tl.float32)
    for level in range(LEVELS):
        height, breadth = tl.load(levels + 3 * level), tl.load(levels + 3 * level + 1)
        start = frame * pixels + tl.load(levels + 3 * level + 2)
        for number in range(POINTS):
            point = (row * LEVELS + level) * POINTS + number
            left, top, right, below, share = _point(places, shares, point, height, breadth, is_there)
            for corner in tl.static_range(4):
                across, down = corner % 2, corner // 2
                _, _, values = _corner(
                    value, start, top + down, left + across, height, breadth, heads, head, width, channel, is_there
                )
                part = (right if across else 1 - right) * (below if down else 1 - below)
                total += share * part * values
    tl.store(output + row * width + channel, total, mask=is_there & (channel < width))


@triton.jit
def _backward(
    value, levels, places, shares, wanted, of_value, of_places, of_shares, pixels, queries, heads, width,
    LEVELS: tl.constexpr, POINTS: tl.constexpr, QUERIES: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    frame, head, row, is_there, channel = _place(queries, heads, QUERIES, WIDTH)
    gradient = tl.load(wanted + row * width + channel, mask=is_there & (channel < width), other=0.0).to(tl.float32)
    for level in range(LEVELS):
        height, breadth = tl.load(levels + 3 * level), tl.load(levels + 3 * level + 1)
        start = frame * pixels + tl.load(levels + 3 * level + 2)
        for number in range(POINTS):
            point = (row * LEVELS + level) * POINTS + number
            left, top, right, below, share = _point(places, shares, point, height, breadth, is_there)
            along_x = tl.zeros((QUERIES, 1), tl.float32)
            along_y = tl.zeros((QUERIES, 1), tl.float32)
            sampled = tl.zeros((QUERIES, 1), tl.float32)
            for corner in tl.static_range(4):
                across, down = corner % 2, corner // 2
                offset, is_inside, values = _corner(
                    value, start, top + down, left + across, height, breadth, heads, head, width, channel, is_there
                )
                part_x, part_y = right if across else 1 - right, below if down else 1 - below
                product = tl.sum(gradient * values, axis=1, keep_dims=True)
                sampled += part_x * part_y * product
                along_x += (part_y if across else -part_y) * product
                along_y += (part_x if down else -part_x) * product
                # Nobody reads the sums before the kernel ends, so no addition need be ordered with what is around it.
                added = share * part_x * part_y * gradient
                tl.atomic_add(of_value + offset, added, mask=is_inside, sem="relaxed")
            tl.store(of_shares + point, sampled, mask=is_there)
            tl.store(of_places + 2 * point, share * along_x * breadth, mask=is_there)
            tl.store(of_places + 2 * point + 1, share * along_y * height, mask=is_there)
