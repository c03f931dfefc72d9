"""The paired test of two rows: against SciPy's, by hand, and against chance."""

import numpy as np
import pytest
from scipy import stats
from score_terms import over_classes, over_clips

from reports.stored.scores import ScoreTerms
from reports.tables.paired_test import mean_score, paired_test, smallest_p


@pytest.fixture
def chance():
    return np.random.default_rng(7)


@pytest.mark.parametrize("clips", [2, 4, 7, 12])
def test_few_clips_get_the_p_of_scipys_exact_sign_flip_test(chance, clips):
    row, baseline = chance.random((2, clips))
    exact = stats.permutation_test((row - baseline,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert paired_test([over_clips(row)], [over_clips(baseline)]).p_value == pytest.approx(exact.pvalue)


def test_many_clips_get_the_same_p_but_for_chance(chance):
    row, baseline = chance.random((2, 40))
    differences = row - baseline + 0.08
    drawn = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=20_000, rng=1)
    found = paired_test([over_clips(row + 0.08)], [over_clips(baseline)], 20_000)
    assert found.p_value == pytest.approx(drawn.pvalue, abs=0.01)


def test_four_clips_cannot_tell_whatever_they_say():
    better = paired_test([over_clips([0.9, 0.8, 0.95, 0.9])], [over_clips([0.1, 0.2, 0.1, 0.3])])
    assert (better.p_value, smallest_p(4, 2000)) == (0.125, 0.125)
    mixed = paired_test([over_clips([0.9, 0.8, 0.95, 0.5])], [over_clips([0.1, 0.2, 0.1, 0.52])])
    assert mixed.p_value == 0.25


def test_differences_that_are_equal_but_for_rounding_are_ties():
    """0.8 - 0.6 and 0.5 - 0.3 are one ulp apart; of four ways to flip two equal differences, two are as extreme."""
    test = paired_test([over_clips([0.8, 0.3, 0.7])], [over_clips([0.6, 0.5, 0.7])])
    assert test.p_value == 1.0


def test_a_score_over_classes_is_computed_anew_after_each_way_to_swap(chance):
    row, baseline = over_classes(chance, 5), over_classes(chance, 5)

    def difference(swapped):
        ours, theirs = (
            [np.where(swapped[:, None], two, one) for one, two in pairs]
            for pairs in (
                [(row.values, baseline.values), (row.counts, baseline.counts)],
                [(baseline.values, row.values), (baseline.counts, row.counts)],
            )
        )
        return ScoreTerms(*ours, 8).score - ScoreTerms(*theirs, 8).score

    ways = [difference(np.array([way >> clip & 1 for clip in range(5)])) for way in range(32)]
    expected = np.mean(np.abs(ways) >= abs(ways[0]) - 1e-12)
    assert paired_test([row], [baseline]).p_value == expected


def test_p_values_are_uniform_where_rows_differ_by_chance_alone(chance):
    p_values = []
    for _ in range(400):
        clips = chance.random(60)
        row, baseline = (over_clips(np.clip(clips + chance.normal(0, 0.05, 60), 0, 1)) for _ in range(2))
        p_values.append(paired_test([row], [baseline], 400).p_value)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    assert np.mean(np.array(p_values) < 0.05) < 0.09


def test_a_small_difference_on_every_clip_is_found_where_clips_differ_widely(chance):
    clips = chance.uniform(0.1, 0.9, 100)
    test = paired_test([over_clips(clips + chance.uniform(0, 0.02, 100))], [over_clips(clips)], 2000)
    assert test.difference == pytest.approx(0.01, abs=0.002)
    assert test.p_value == 1 / 2001


def test_equal_rows_do_not_differ(chance):
    terms = over_classes(chance, 40)
    test = paired_test([terms], [terms, terms], 500)
    assert (test.difference, test.p_value) == (0.0, 1.0)


def test_the_mean_of_seeds_is_of_their_data_set_scores(chance):
    seeds = [over_classes(chance, 40) for _ in range(3)]
    assert mean_score(seeds) == pytest.approx(np.mean([seed.score for seed in seeds]))
