"""The stored form of a reproducibility check: a finished trial that was trained again and compared with what is stored.

`<storage>/trials/<trial key>/reproductions/<n>.json` holds a `ReproductionRecord`, written once.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, model_validator

from experiments.records import Record
from experiments.stored_types import Count, Moment, Ordinal, Seconds, Sum
from model.numbered_names import NumberedName

REPRODUCTIONS_DIR = "reproductions"
REPRODUCTION_NAME = NumberedName(after=".json")
"""Name of a file in `reproductions/`."""

Verdict = Literal["identical", "within rounding", "differs"]
"""Every number to the last bit; every number up to the stated tolerances; or neither."""


class Deviation(Record):
    """A number that came out otherwise. JSON holds what is not finite as text."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    what: str
    """Such as `loss_total`, `validation m_j`, `test m_f`, `tested step`, or `weights` and where they differ most."""
    unit: Literal["relative", "points"]
    """How the distance is measured: of scores in percentage points, else relative to the larger of the two numbers; of
    weights it is the Euclidean distance of all, relative to their length."""
    step: Count | None
    """Optimiser step; None for what belongs to no step."""
    stored: float
    again: float
    distance: float

    @property
    def place(self) -> str:
        """Such as `loss_total of step 3`."""
        return self.what if self.step is None else f"{self.what} of step {self.step}"


class ReproductionRecord(Record):
    """What training a finished trial again gave, beside what is stored."""

    schema_version: Literal[1] = 1
    key: str
    result_sha256: str
    """Checksum of the `result.json` that it was compared with."""
    verdict: Verdict
    tolerance: Sum
    """Largest relative difference of losses and weights that counts as rounding."""
    score_tolerance: Sum
    """The same of scores, in percentage points."""
    steps: Ordinal
    """Optimiser steps that were to be trained again, from the first one on."""
    is_whole: bool
    """Whether these are all, after which a trial is tested."""
    compared_steps: Count
    """Steps of which numbers are stored."""
    compared_validations: Count
    compared_weights: bool
    """Whether the tested weights were compared: both trainings tested those of the same step."""
    compared_test_scores: bool
    """Whether the test scores were compared: both are of the same protocol."""
    largest: Deviation | None
    """The largest relative difference; None where there is none."""
    largest_score: Deviation | None
    """The largest difference of scores; None where there is none."""
    first: Deviation | None
    """The first difference beyond its tolerance, in the order of training."""
    conditions: list[str]
    """What was otherwise than when the trial was trained, such as `torch 2.12.0 instead of 2.11.0`."""
    code_version: str
    commit: str | None
    """As in `Provenance`."""
    packages: dict[str, str]
    device: str
    weight_files: dict[str, str]
    finished: Moment
    seconds: Seconds

    @model_validator(mode="after")
    def _follows(self) -> ReproductionRecord:
        found = verdict_on(self.largest, self.largest_score, self.first)
        if self.verdict != found:
            raise ValueError(f"the verdict is {self.verdict!r}, but {found!r} follows from the differences")
        return self

    @property
    def scope(self) -> str:
        """What was compared, such as `all 40 steps, 2 validations, weights and test scores`."""
        told = [f"{'all' if self.is_whole else 'the first'} {self.steps} step{'' if self.steps == 1 else 's'}"]
        if self.compared_steps < self.steps:
            told[0] += f" ({self.compared_steps} of them compared)"
        if self.compared_validations:
            told.append(f"{self.compared_validations} validation{'' if self.compared_validations == 1 else 's'}")
        test = {"weights": self.compared_weights, "test scores": self.compared_test_scores}
        if any(test.values()):
            told.append(" and ".join(name for name, is_compared in test.items() if is_compared))
        return ", ".join(told)

    @property
    def finding(self) -> str:
        """The first number beyond its tolerance, and the largest differences; empty where all are identical."""
        told = []
        if (first := self.first) is not None:
            told.append(f"{first.place}: stored is {first.stored:.9g}, again {first.again:.9g}")
        if (largest := self.largest) is not None:
            told.append(
                f"numbers up to {largest.distance:.1e} apart, in {largest.place} (tolerance {self.tolerance:g})"
            )
        if (score := self.largest_score) is not None:
            limit = f"(tolerance {self.score_tolerance:g})"
            told.append(f"scores up to {score.distance:.2g} points apart, in {score.place} {limit}")
        return "; ".join(told)


def verdict_on(largest: Deviation | None, largest_score: Deviation | None, first: Deviation | None) -> Verdict:
    """What follows from the differences of a `ReproductionRecord`."""
    if first is not None:
        return "differs"
    return "identical" if largest is None and largest_score is None else "within rounding"
