"""Bootstrap over clips: how much a score depends on which clips were tested.

Clips are drawn with replacement, as many as there are, for all seeds of a row and for all rows alike. What is drawn is
a function of the number of clips alone, and sums over clips are exact, so the same storage gives the same numbers,
however many threads add them up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from reports.stored.scores import Floats, ScoreTerms

RESAMPLES = 10_000
SEED = 20240617
"""Seed of the random draws; fixed, so that intervals can be reproduced."""
DRAWS_AT_ONCE = 1_500_000
"""Clips drawn at a time, which bounds the memory: 12 MB for each array of them."""
GRAIN = 2.0**-36
"""Grid to which the clips' values are rounded. Sums of whole numbers below 2^53 are exact in whatever order the machine
adds them up; these stay below it for splits of 100,000 frames."""


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
