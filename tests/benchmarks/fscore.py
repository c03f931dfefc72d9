"""F-score from one histogram against 255 comparisons."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from comparison import Comparison, Form
from torch import Tensor

from model.metrics.fscore import EPSILON, f_curve, thresholds
from model.metrics.rules import BETA_SQUARED

FRAMES, SIDE = 5, 224


def f_curve_by_threshold(probability: Tensor, truth: Tensor) -> Tensor:
    """The definition: one comparison of all pixels per threshold. Shapes as in `f_curve`."""
    curves = []
    for threshold in thresholds():
        predicted = probability >= threshold
        hit = (predicted & truth).sum((1, 2)).double()
        precision = hit / (predicted.sum((1, 2)).double() + EPSILON)
        recall = hit / (truth.sum((1, 2)).double() + EPSILON)
        curves.append(((1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)).nan_to_num(0.0))
    return torch.stack(curves, dim=1)


def forms(device: str) -> Mapping[str, Form]:
    """Of one clip."""
    draw = torch.Generator().manual_seed(0)
    probability = torch.rand(FRAMES, SIDE, SIDE, generator=draw).to(device)
    truth = (torch.rand(FRAMES, SIDE, SIDE, generator=draw) > 0.5).to(device)
    torch.testing.assert_close(f_curve(probability, truth), f_curve_by_threshold(probability, truth))
    return {
        "255 thresholds": lambda: f_curve_by_threshold(probability, truth),
        "histogram": lambda: f_curve(probability, truth),
    }


COMPARISONS = [Comparison("fscore", f"F-score of {FRAMES} frames of {SIDE}x{SIDE}", forms, devices=("cpu",))]
