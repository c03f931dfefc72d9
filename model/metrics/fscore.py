"""F-score M_F: the best F over 255 thresholds, from one histogram instead of 255 comparisons."""

from __future__ import annotations

import torch
from torch import Tensor

from model.metrics.rules import BETA_SQUARED, THRESHOLDS

EPSILON = 1e-20


def thresholds() -> Tensor:
    """The 255 thresholds of AVSBench, 0 to 1 - 1e-10 in float32 (the last rounds to 1)."""
    return torch.linspace(0, 1 - 1e-10, THRESHOLDS)


def f_curve(probability: Tensor, truth: Tensor) -> Tensor:
    """F-score of every threshold, per frame.

    Args:
        probability: (T, H, W) float32 in [0, 1].
        truth: (T, H, W) bool, no frame empty.

    Returns:
        (T, 255) float64; a pixel counts as predicted where its probability is at least the threshold.
    """
    slots = THRESHOLDS + 1
    frame = torch.arange(len(probability), device=probability.device)[:, None]
    place = (frame * slots + _passed(probability.flatten(1))) * 2 + truth.flatten(1)
    counts = torch.bincount(place.flatten(), minlength=len(probability) * slots * 2).view(len(probability), slots, 2)
    # A pixel that passed i thresholds is predicted at the first i of them: running sums from the far end.
    above = counts.flip(1).cumsum(1).flip(1)[:, 1:].double()
    predicted, hit = above.sum(2), above[..., 1]
    precision = hit / (predicted + EPSILON)
    recall = hit / (truth.sum((1, 2)).double()[:, None] + EPSILON)
    return ((1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)).nan_to_num(0.0)


def _passed(probability: Tensor) -> Tensor:
    """How many thresholds lie at or below each probability, int64.

    They are evenly spaced, so only the nearest one needs a look: its float32 value may lie on either side.
    """
    edges = thresholds().to(probability.device)
    nearest = (probability * (THRESHOLDS - 1)).round().long()
    return nearest + (torch.take(edges, nearest) <= probability)


def pooled_f(probability: Tensor, truth: Tensor) -> float:
    """The best threshold's F, curves averaged over the frames that hold an object; 0 if none does.

    Which frames are pooled changes the value (see the protocol), so the caller decides what it passes.
    """
    shown = truth.flatten(1).any(1)
    if not bool(shown.any()):
        return 0.0
    return float(f_curve(probability[shown], truth[shown]).mean(0).max())
