"""Whether two rows differ by more than chance: the paired permutation test over clips.

If two rows were alike, it would be chance which of them has which of the two predictions of a clip. So each clip's two
predictions are swapped or left, and the difference is computed anew: of few clips in every way that there is, of many
in random ones. What is drawn is a function of the number of clips alone, and sums over clips are exact, as for the
bootstrap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from reports.stored.scores import Floats, ScoreTerms
from reports.tables.bootstrap import DRAWS_AT_ONCE, GRAIN, RESAMPLES, SEED

MOST_ENUMERATED = 12
"""Clips of which every way to swap is tried, 4,096 of them."""


@dataclass(frozen=True)
class PairedTest:
    """Whether two rows differ by more than the choice of the clips explains."""

    difference: float
    """Row minus baseline, means over their seeds; a fraction."""
    p_value: float
    """Two-sided p-value."""


def paired_test(row: Sequence[ScoreTerms], baseline: Sequence[ScoreTerms], resamples: int = RESAMPLES) -> PairedTest:
    """Tests whether a row's score differs from the baseline's.

    The p-value is the share of ways to swap in which the scores lie at least as far apart as they do. Where only some
    ways are tried, the one that was found counts as one of them, so it is never zero.

    Args:
        row: its seeds, all of the same clips in the same order, which are the baseline's.
        baseline: its seeds, which may be others and of another number. Clip by clip, a row is the mean of its seeds.
        resamples: how many random ways are tried where there are too many clips to try all.
    """
    ours, theirs = _mean_terms(row), _mean_terms(baseline)
    clips = len(ours.values)
    drawn = [_differences(ours, theirs, swapped) for swapped in _ways_to_swap(clips, resamples)]
    (found,) = _differences(ours, theirs, np.zeros((1, clips)))
    extreme = np.abs(np.concatenate(drawn)) >= abs(found) - 2 * GRAIN  # ties count
    p_value = extreme.mean() if clips <= MOST_ENUMERATED else (1 + extreme.sum()) / (1 + resamples)
    return PairedTest(mean_score(row) - mean_score(baseline), float(p_value))


def smallest_p(clips: int, resamples: int) -> float:
    """The smallest p-value that so many clips can give: to swap none or all of them is always as extreme."""
    return 2.0 ** (1 - clips) if clips <= MOST_ENUMERATED else 1 / (1 + resamples)


def mean_score(seeds: Sequence[ScoreTerms]) -> float:
    """The mean over seeds of the data set's score."""
    return fsum(terms.score for terms in seeds) / len(seeds)


def _mean_terms(seeds: Sequence[ScoreTerms]) -> ScoreTerms:
    """The seeds as one, in whole grains."""
    values = np.mean([terms.values for terms in seeds], axis=0)
    counts = np.mean([terms.counts for terms in seeds], axis=0)
    return ScoreTerms(np.round(values / GRAIN), np.round(counts / GRAIN), seeds[0].parts)


def _ways_to_swap(clips: int, resamples: int) -> Iterator[Floats]:
    """Which clips are swapped, (some ways, clips) of 0 and 1 at a time."""
    if clips <= MOST_ENUMERATED:
        yield (np.arange(2**clips)[:, None] >> np.arange(clips) & 1).astype(np.float64)
        return
    generator = np.random.Generator(np.random.PCG64(SEED))
    at_once = max(1, DRAWS_AT_ONCE // clips)
    for begin in range(0, resamples, at_once):
        yield generator.integers(0, 2, (min(at_once, resamples - begin), clips)).astype(np.float64)


def _differences(row: ScoreTerms, baseline: ScoreTerms, swapped: Floats) -> Floats:
    """Row minus baseline after each way to swap."""
    values = swapped @ (baseline.values - row.values)
    counts = swapped @ (baseline.counts - row.counts)
    return _scores(row, values, counts) - _scores(baseline, -values, -counts)


def _scores(terms: ScoreTerms, more_values: Floats, more_counts: Floats) -> Floats:
    """The score of each way, as the protocol has it: a part that never occurs is 0."""
    values, counts = terms.values.sum(axis=0) + more_values, terms.counts.sum(axis=0) + more_counts
    means = np.divide(values, counts, out=np.zeros_like(values), where=counts > 0)
    return np.asarray(means.sum(axis=1) / terms.parts)
