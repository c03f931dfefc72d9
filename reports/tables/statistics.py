"""Spread of a score over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Summary:
    """Mean and spread of n values, in the unit of the values."""

    n: int
    mean: float
    sd: float | None
    """Sample standard deviation (n - 1); None below two values."""
    interval: tuple[float, float] | None
    """Confidence interval of the mean: Student's t, None below two values; or a bootstrap over clips if a table asks
    for it."""


@dataclass(frozen=True)
class Difference:
    """How far a row's score lies from the baseline's, on the same clips."""

    baseline: str
    """Name of the baseline's row."""
    points: float
    """Row minus baseline, percentage points."""
    p_value: float
    """Two-sided p-value of the paired permutation test."""
    significant: bool
    """Whether the p-value is below the table's significance level."""
    clips: int
    """Number of clips on which both rows were scored."""


def summarise(values: Sequence[float], confidence: float = CONFIDENCE) -> Summary:
    """Summarises at least one value.

    Args:
        values: one for each seed.
        confidence: of the interval.

    Raises:
        ValueError: no values.
    """
    n = len(values)
    if n == 0:
        raise ValueError("no values to summarise")
    mean = math.fsum(values) / n
    if n == 1:
        return Summary(n, mean, None, None)
    # Takes a quarter of a second to import, and tables of one seed have no intervals.
    from scipy.special import stdtrit

    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    reach = float(stdtrit(n - 1, (1 + confidence) / 2)) * sd / math.sqrt(n)
    return Summary(n, mean, sd, (mean - reach, mean + reach))
