"""The loss of the first step on a device in each precision, beside that of the CPU in fp32."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TypedDict

from training_step import FASTEST, SIZE, SMALL, Case, Way

ALLOWED = {"fp32": 0.01, "bf16": 0.05, "fp16": 0.05}
"""By precision: what rounding may make of a loss, relatively; in fp32 a GPU's convolutions are in TF32."""
SAME_POINTS = {"loss.arithmetic": "batched"}
"""Points are drawn alike on every kind of device then."""


class Parity(TypedDict):
    """Weighted sum of all losses, how far it is from the CPU's, relatively, and how far it may be."""

    loss: float
    relative: float
    allowed: float


def parity(device: str) -> Iterator[tuple[str, Parity]]:
    """Of one clip, by precision, plain and fast, each as soon as it is known; a loss that is not finite is NaN.

    Through COMBO-R50, or the demo's network on a CPU.

    Args:
        device: where; the same clip and initial weights are used on the CPU.
    """
    preset, size = ("combo_r50", SIZE) if device.startswith("cuda") else ("combo_demo", SMALL)
    case = Case(preset, "s4", "fp32", 1, size)
    batch = case.batch()
    expected = case.steps(Way(SAME_POINTS), batch, "cpu")().finished().losses["total"]
    for precision, allowed in ALLOWED.items():
        for numerics, settings in {"plain": SAME_POINTS, "fast": FASTEST}.items():
            one = replace(case, precision=precision)
            try:
                loss = one.steps(Way(settings), batch, device)().finished().losses["total"]
            except FloatingPointError:
                loss = math.nan
            yield f"{precision}, {numerics}", {"loss": loss, "relative": loss / expected - 1, "allowed": allowed}
