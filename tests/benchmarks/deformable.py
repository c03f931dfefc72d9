"""Deformable sampling, forward and backward: the reference, and the form for the device."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from comparison import Comparison, Form

from model.layers.deformable import choice
from model.layers.deformable.choice import Case, pass_both_ways

CASES = {
    "8-clips-224": (40, 224, 8, 4, 32),
    "clip-224": (5, 224, 8, 4, 32),
    "frame-224": (1, 224, 8, 4, 32),
    "clip-96": (5, 96, 8, 4, 32),
    "frame-96": (1, 96, 8, 4, 32),
    "frame-64": (1, 64, 8, 4, 32),
    "half-clip-224": (5, 224, 8, 4, 16),
    "half-clip-96": (5, 96, 8, 4, 16),
    "half-frame-96": (1, 96, 8, 4, 16),
    "narrow-clip-224": (5, 224, 4, 4, 8),
    "demo-64": (20, 64, 4, 4, 16),
}
"""Frames, pixels of a side, heads, points, channels of a head. The first ones are the released model's."""


def case_of(frames: int, side: int, heads: int, points: int, channels: int, device: str) -> Case:
    """On the strides 32, 16 and 8."""
    shapes = tuple((side // stride, side // stride) for stride in (32, 16, 8))
    pixels = sum(height * breadth for height, breadth in shapes)
    return Case(shapes, frames, pixels, heads, points, channels, torch.float32, torch.device(device))


def forms(name: str, device: str) -> Mapping[str, Form]:
    """A forward and a backward pass of one of the `CASES`."""
    inputs = choice.inputs_like(case_of(*CASES[name], device))
    plain, other = choice.plain_sample, choice._kernel() if device.startswith("cuda") else choice.gather_sample
    with torch.no_grad():
        torch.testing.assert_close(other(*inputs), plain(*inputs), rtol=1e-4, atol=1e-4)
    named = {"reference": plain, "kernel" if device.startswith("cuda") else "rows": other}
    return {which: partial(pass_both_ways, form, *inputs) for which, form in named.items()}


COMPARISONS = [
    Comparison(
        f"sampling-{name}",
        f"sampling of {frames} frames at {side} pixels, {heads} heads of {channels} channels, both passes",
        partial(forms, name),
    )
    for name, (frames, side, heads, _, channels) in CASES.items()
]
