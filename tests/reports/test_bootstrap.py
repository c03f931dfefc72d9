"""Intervals over clips: against other ways to compute them, and against chance."""

import tracemalloc

import numpy as np
import pytest
from scipy import stats
from score_terms import over_classes, over_clips

from reports.stored.scores import ScoreTerms
from reports.tables.bootstrap import (
    DRAWS_AT_ONCE,
    SEED,
    bootstrap_scores,
    percentile_interval,
)


def drawn_clips(clips, resamples):
    """The clips of each resample, all at once, as the documentation says that they are drawn."""
    return np.random.default_rng(SEED).integers(0, clips, (resamples, clips))


@pytest.fixture
def chance():
    return np.random.default_rng(7)


def test_the_interval_over_clips_is_the_percentile_bootstraps(chance):
    values = chance.beta(6, 3, 200)
    expected = stats.bootstrap((values,), np.mean, n_resamples=10_000, method="percentile", random_state=1)
    found = percentile_interval(bootstrap_scores([over_clips(values)]), 0.95)
    assert found == pytest.approx(tuple(expected.confidence_interval), abs=0.001)


def test_seeds_are_resampled_together(chance):
    clips = chance.random(50)
    seeds = [over_clips(np.clip(clips + shift, 0, 1)) for shift in (0.0, 0.01, 0.02)]
    together = bootstrap_scores(seeds)
    assert together == pytest.approx(np.mean([bootstrap_scores([seed]) for seed in seeds], axis=0))
    assert together.std() == pytest.approx(
        clips.std() / 50**0.5, rel=0.1
    )  # apart, it would be smaller by the root of 3


def test_a_score_over_classes_is_computed_anew_from_the_drawn_clips(chance):
    terms = over_classes(chance, 40)
    for chosen, score in zip(drawn_clips(40, 25), bootstrap_scores([terms], 25), strict=True):
        assert score == pytest.approx(ScoreTerms(terms.values[chosen], terms.counts[chosen], 8).score, abs=1e-10)


def test_a_class_that_is_rarely_drawn_does_not_pull_the_interval_down():
    """Of eight classes six occur, each in one or two of forty clips, so that most resamples miss some."""
    counts = np.zeros((40, 6))
    counts[range(6), range(6)] = counts[range(10, 16), range(6)] = 5
    terms = ScoreTerms(0.8 * counts, counts, 8)
    assert bootstrap_scores([terms], 500) == pytest.approx(terms.score)


def test_intervals_cover_the_truth_as_often_as_they_say(chance):
    truth, covered = 6 / 9, 0
    for _ in range(400):
        low, high = percentile_interval(bootstrap_scores([over_clips(chance.beta(6, 3, 60))], 500), 0.9)
        covered += low <= truth <= high
    assert 0.86 <= covered / 400 <= 0.94


@pytest.mark.parametrize("clips", [4000, DRAWS_AT_ONCE + 1])
def test_more_draws_than_are_made_at_once_are_drawn_as_if_they_were(chance, clips):
    """Of the larger split one resample alone is more."""
    values, resamples = chance.random(clips), 2 * DRAWS_AT_ONCE // clips + 2
    expected = [values[chosen].mean() for chosen in drawn_clips(clips, resamples)]
    assert bootstrap_scores([over_clips(values)], resamples) == pytest.approx(expected, abs=1e-10)


def test_the_same_scores_give_the_same_bits_however_they_are_added_up(chance):
    """Fewer resamples are the first of more, of which several portions are drawn, from arrays in another order."""
    terms = over_classes(chance, 4000)
    fortran = ScoreTerms(np.asfortranarray(terms.values), terms.counts, terms.parts)
    first, more = bootstrap_scores([terms], 300), bootstrap_scores([fortran], 2 * DRAWS_AT_ONCE // 4000 + 50)
    assert more[:300].tobytes() == first.tobytes()


def test_the_largest_split_fits_into_little_memory(chance):
    terms = over_classes(chance, 6000, classes=71, parts=71)
    tracemalloc.start()
    bootstrap_scores([terms], 600)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
