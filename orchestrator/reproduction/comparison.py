"""Compares numbers in the order in which training gives them, and keeps the first and the largest difference."""

from __future__ import annotations

import math

from experiments.reproduction_record import Deviation, Verdict
from orchestrator.reproduction.measurements import Measurements, Values

NOT_COMPARED = ("seconds",)
"""Values of a step that no training repeats."""
TOTAL = "loss_total"
"""The sum that is minimised: it is compared first, so that a difference of several losses is told as its own."""


class Comparison:
    """Numbers that were compared so far.

    Args:
        tolerance: largest relative difference that counts as rounding.
    """

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance
        self.steps = self.validations = 0
        """Those of which numbers are on both sides."""
        self.largest: Deviation | None = None
        self.first: Deviation | None = None
        """The first beyond the tolerance."""

    @property
    def verdict(self) -> Verdict:
        """What follows for all of them."""
        if self.first is not None:
            return "differs"
        return "identical" if self.largest is None else "within rounding"

    def compare(self, what: str, step: int | None, stored: float, again: float) -> None:
        """Compares one number."""
        self.add(Deviation(what=what, step=step, stored=stored, again=again, relative=relative(stored, again)))

    def add(self, one: Deviation) -> None:
        """Takes a comparison that was made elsewhere; one of equal numbers is none."""
        if one.relative == 0:
            return
        if self.largest is None or one.relative > self.largest.relative:
            self.largest = one
        if self.first is None and one.relative > self.tolerance:
            self.first = one

    def compare_training(self, stored: Measurements, again: Measurements, *, with_validations: bool) -> None:
        """Compares what both have, step by step; a validation comes after the step that it follows.

        Args:
            stored: of the stored trial.
            again: of its new training, which gives the order.
            with_validations: whether both were scored under the same protocol.
        """
        for step in sorted({*again.steps, *again.validations}):
            if step in stored.steps and step in again.steps:
                self.steps += 1
                self._compare_values("", step, stored.steps[step], again.steps[step])
            if with_validations and step in stored.validations and step in again.validations:
                self.validations += 1
                self._compare_values("validation ", step, stored.validations[step], again.validations[step])

    def _compare_values(self, before: str, step: int, stored: Values, again: Values) -> None:
        shared = (stored.keys() & again.keys()) - {*NOT_COMPARED}
        for name in sorted(shared, key=lambda name: (name != TOTAL, name)):
            self.compare(before + name, step, stored[name], again[name])


def relative(stored: float, again: float) -> float:
    """The difference of two numbers, relative to the larger one; 0 for equal ones and for two that are no number."""
    if stored == again or (math.isnan(stored) and math.isnan(again)):
        return 0.0
    if not (math.isfinite(stored) and math.isfinite(again)):
        return math.inf
    return abs(stored - again) / max(abs(stored), abs(again))
