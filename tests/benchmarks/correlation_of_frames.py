"""AVS-BiGen's correlation of neighbouring frames in tiles against the literal form, at the finest stage of one clip."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from comparison import Comparison, Form
from torch import Tensor

from model.bigen.correlation_attention import mean_correlation, partner_frames

FRAMES, CHANNELS, SIDE = 5, 128, 56


def literal(frames: Tensor, partners: Tensor) -> Tensor:
    """The definition: every pair of positions at once. Shapes as in `mean_correlation`."""
    volume = torch.einsum("ncp,ncq->npq", frames.flatten(2), partners.flatten(2)).relu()
    return volume.mean(2).view(len(frames), 1, *frames.shape[2:])


def forms(device: str) -> Mapping[str, Form]:
    """A forward and a backward pass."""
    draw = torch.Generator().manual_seed(0)
    frames = torch.randn(FRAMES, CHANNELS, SIDE, SIDE, generator=draw).to(device).requires_grad_()
    few = frames[..., :8, :8]
    torch.testing.assert_close(mean_correlation(few, few), literal(few, few))
    return {
        "literal": lambda: literal(frames, frames[partner_frames([FRAMES])]).sum().backward(),
        "in tiles": lambda: mean_correlation(frames, frames[partner_frames([FRAMES])]).sum().backward(),
    }


COMPARISONS = [
    Comparison("correlation", f"correlation of {FRAMES} frames of {CHANNELS}x{SIDE}x{SIDE}, both passes", forms)
]
