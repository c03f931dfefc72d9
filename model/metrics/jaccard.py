"""Region similarity M_J: the Jaccard index of predicted and true region."""

from __future__ import annotations

import torch
from torch import Tensor

EPSILON = 1e-7


def frame_jaccard(predicted: Tensor, truth: Tensor) -> Tensor:
    """Jaccard index per frame, as AVSBench's released evaluator computes it.

    A frame without an object scores the share of its pixels that are predicted background.

    Args:
        predicted: (T, H, W) bool.
        truth: (T, H, W) bool.

    Returns:
        (T,) float64.
    """
    pixels = predicted[0].numel()
    intersection = (predicted & truth).sum((1, 2)).double()
    union = (predicted | truth).sum((1, 2)).double()
    background = (~predicted).sum((1, 2)).double()
    empty = ~truth.flatten(1).any(1)
    return torch.where(empty, background / (pixels + EPSILON), intersection / (union + EPSILON))
