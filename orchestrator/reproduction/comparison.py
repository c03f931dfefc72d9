"""Compares numbers in the order in which training gives them, and keeps the first and the largest difference."""

from __future__ import annotations

import math
from dataclasses import dataclass

from experiments.reproduction_record import Deviation, Verdict, verdict_on
from orchestrator.reproduction.measurements import Measurements, Values

NOT_COMPARED = ("seconds",)
"""Values of a step that no training repeats."""
TOTAL = "loss_total"
"""The sum that is minimised: it is compared first, so that a difference of several losses is told as its own."""


@dataclass
class Comparison:
    """Numbers that were compared so far. Scores are fractions here, and what was found of them is in percentage points.

    Scores have a tolerance of their own because a pixel that rounding takes over a threshold moves them at once, and by
    more the fewer pixels there are.
    """

    tolerance: float
    """Largest relative difference that counts as rounding."""
    score_tolerance: float
    """Largest difference of scores that counts as rounding, in percentage points."""
    steps: int = 0
    """Steps of which numbers are on both sides."""
    validations: int = 0
    weights: bool = False
    """Whether tested weights were compared."""
    test_scores: bool = False
    largest: Deviation | None = None
    largest_score: Deviation | None = None
    first: Deviation | None = None
    """The first beyond its tolerance."""

    @property
    def verdict(self) -> Verdict:
        """What follows for all of them."""
        return verdict_on(self.largest, self.largest_score, self.first)

    def compare(self, what: str, step: int | None, stored: float, again: float) -> None:
        """Compares a number that is no score."""
        distance = relative(stored, again)
        self.add(Deviation(what=what, unit="relative", step=step, stored=stored, again=again, distance=distance))

    def compare_score(self, what: str, step: int | None, stored: float, again: float) -> None:
        """Compares two fractions."""
        distance = abs(100 * stored - 100 * again)
        self.add(Deviation(what=what, unit="points", step=step, stored=stored, again=again, distance=distance))

    def add(self, one: Deviation) -> None:
        """Takes a comparison; one of equal numbers is no difference."""
        if one.distance == 0:
            return
        if one.unit == "points":
            self.largest_score = _larger(self.largest_score, one)
        else:
            self.largest = _larger(self.largest, one)
        limit = self.score_tolerance if one.unit == "points" else self.tolerance
        if self.first is None and one.distance > limit:
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
                for name in _shared(stored.steps[step], again.steps[step]):
                    self.compare(name, step, stored.steps[step][name], again.steps[step][name])
            if with_validations and step in stored.validations and step in again.validations:
                self.validations += 1
                for name in _shared(stored.validations[step], again.validations[step]):
                    one, other = stored.validations[step][name], again.validations[step][name]
                    self.compare_score(f"validation {name}", step, one, other)


def relative(stored: float, again: float) -> float:
    """The difference of two numbers, relative to the larger one; 0 for equal ones and for two that are no number."""
    if stored == again or (math.isnan(stored) and math.isnan(again)):
        return 0.0
    if not (math.isfinite(stored) and math.isfinite(again)):
        return math.inf
    return abs(stored - again) / max(abs(stored), abs(again))


def _shared(stored: Values, again: Values) -> list[str]:
    """Names of what both have and training repeats."""
    return sorted((stored.keys() & again.keys()) - {*NOT_COMPARED}, key=lambda name: (name != TOTAL, name))


def _larger(known: Deviation | None, one: Deviation) -> Deviation:
    return one if known is None or one.distance > known.distance else known
