"""F-score from one histogram against 255 comparisons, both on this machine in one run."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from model.metrics.fscore import EPSILON, f_curve, thresholds
from model.metrics.rules import BETA_SQUARED

FRAMES, SIDE, ROUNDS = 5, 224, 5


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


def seconds(action: Callable[[], object]) -> float:
    """Best of several rounds, after one to warm up."""
    action()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Prints both times and their ratio."""
    generator = torch.Generator().manual_seed(0)
    probability = torch.rand(FRAMES, SIDE, SIDE, generator=generator)
    truth = torch.rand(FRAMES, SIDE, SIDE, generator=generator) > 0.5
    torch.testing.assert_close(f_curve(probability, truth), f_curve_by_threshold(probability, truth))
    slow = seconds(lambda: f_curve_by_threshold(probability, truth))
    fast = seconds(lambda: f_curve(probability, truth))
    print(
        f"F-score of {FRAMES} frames at {SIDE}x{SIDE}: thresholds {1000 * slow:.1f} ms, "
        f"histogram {1000 * fast:.2f} ms, {slow / fast:.0f} times faster"
    )


if __name__ == "__main__":
    main()
