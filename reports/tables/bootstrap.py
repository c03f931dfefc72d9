"""How sure a score is with these clips and not others: the bootstrap, and the paired bootstrap test of two rows.

Clips are drawn with replacement, as many as there are, for all seeds of a row and for all rows alike. What is drawn is
a function of the number of clips alone, and sums over clips are exact, so the same storage gives the same numbers,
however many threads add them up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from reports.stored.scores import Floats, ScoreTerms

RESAMPLES = 10_000
SEED = 20240617
"""Of the draws; any number would do, as long as it stays."""
DRAWS_AT_ONCE = 1_500_000
"""Clips drawn at a time, which bounds the memory: 12 MB for each array of them."""
GRAIN = 2.0**-36
"""To which the clips' values are rounded. Sums of whole numbers below 2^53 are exact in whatever order the machine adds
them up; these stay below it for splits of 100,000 frames."""


@dataclass(frozen=True)
class PairedTest:
    """Whether two rows differ by more than the choice of the clips explains."""

    difference: float
    """Row minus baseline, means over their seeds; a fraction."""
    p_value: float
    """Two-sided."""


def bootstrap_scores(seeds: Sequence[ScoreTerms], resamples: int = RESAMPLES) -> Floats:
    """The mean score of a row's seeds in each resample.

    Args:
        seeds: at least one; all of the same clips in the same order.
        resamples: how many.

    Returns:
        (resamples,) fractions.
    """
    drawn = _weights(len(seeds[0].values), resamples)
    return np.concatenate([np.mean([_scores(weights, terms) for terms in seeds], axis=0) for weights in drawn])


def percentile_interval(scores: Floats, confidence: float) -> tuple[float, float]:
    """The interval that holds this share of the resampled scores, as much being cut off below as above.

    Args:
        scores: as `bootstrap_scores` gives them.
        confidence: the share.
    """
    low, high = np.quantile(scores, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def paired_test(row: Sequence[ScoreTerms], baseline: Sequence[ScoreTerms], resamples: int = RESAMPLES) -> PairedTest:
    """Tests whether a row's score differs from the baseline's; both are scored on the same resamples.

    Args:
        row: its seeds, all of the same clips in the same order, which are the baseline's.
        baseline: its seeds, which may be others and of another number.
        resamples: how many.
    """
    difference = mean_score(row) - mean_score(baseline)
    return judged(difference, bootstrap_scores(row, resamples) - bootstrap_scores(baseline, resamples))


def judged(difference: float, resampled: Floats) -> PairedTest:
    """Tests whether a difference is more than the choice of the clips explains.

    The p-value is the share of resamples in which the difference lies at least as far from the one found as that lies
    from zero; the found one is counted among them, so it is never zero.

    Args:
        difference: as found.
        resampled: the same in each resample.
    """
    extreme = np.abs(resampled - difference) >= abs(difference) - 2 * GRAIN  # ties count
    return PairedTest(difference, (1 + int(extreme.sum())) / (1 + len(resampled)))


def mean_score(seeds: Sequence[ScoreTerms]) -> float:
    """The mean over seeds of the data set's score."""
    return fsum(terms.score for terms in seeds) / len(seeds)


def _weights(clips: int, resamples: int) -> Iterator[Floats]:
    """How often each clip is drawn, (some resamples, clips) at a time."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    at_once = max(1, DRAWS_AT_ONCE // clips)
    for begin in range(0, resamples, at_once):
        number = min(at_once, resamples - begin)
        drawn = generator.integers(0, clips, (number, clips))
        places = drawn + clips * np.arange(number)[:, None]
        yield np.bincount(places.ravel(), minlength=number * clips).reshape(number, clips).astype(np.float64)


def _scores(weights: Floats, terms: ScoreTerms) -> Floats:
    """The score of each resample.

    A class that happens to be in none of its clips is left out of its mean. To count it as 0, as the protocol does
    with classes that a whole split lacks, would make every resample look worse than the split, which misses none.
    """
    values, counts = weights @ np.round(terms.values / GRAIN), weights @ terms.counts
    means = GRAIN * np.divide(values, counts, out=np.zeros_like(values), where=counts > 0)
    share = terms.counts.any(axis=0).sum() / terms.parts
    return np.asarray(share * means.sum(axis=1) / (counts > 0).sum(axis=1))
