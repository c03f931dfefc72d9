"""The loss of the first step on a device in each precision, beside that of the CPU in fp32."""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict

from training_step import FASTEST, SIZE, SMALL, Case, Way

PRECISIONS = ("fp32", "bf16", "fp16")


class Parity(TypedDict):
    """Weighted sum of all losses, and how far it is from the CPU's, relatively."""

    loss: float
    relative: float


def parity(device: str) -> dict[str, Parity]:
    """Of one clip through COMBO-R50, by precision, plain and fast.

    Args:
        device: where; the same clip and initial weights are used on the CPU.
    """
    size = SIZE if device.startswith("cuda") else SMALL
    case = Case("combo_r50", "s4", "fp32", 1, size)
    batch = case.batch()
    expected = case.steps(Way({}), batch, "cpu")().losses["total"]
    found: dict[str, Parity] = {}
    for precision in PRECISIONS:
        for numerics, settings in {"plain": {}, "fast": FASTEST}.items():
            one = replace(case, precision=precision)
            loss = one.steps(Way(settings), batch, device)().losses["total"]
            found[f"{precision}, {numerics}"] = {"loss": loss, "relative": loss / expected - 1}
    return found
