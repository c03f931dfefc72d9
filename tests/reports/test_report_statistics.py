import pytest
from scipy import stats

from reports.tables.statistics import summarise


def test_one_value_has_no_spread():
    summary = summarise([61.2])
    assert (summary.n, summary.mean, summary.sd, summary.interval) == (1, 61.2, None, None)


def test_spread_over_seeds_is_students():
    values = [61.2, 62.0, 60.9]
    summary = summarise(values)
    assert summary.mean == pytest.approx(sum(values) / 3)
    assert summary.sd == pytest.approx(stats.tstd(values))
    expected = stats.t.interval(0.95, 2, loc=summary.mean, scale=stats.sem(values))
    assert summary.interval == pytest.approx(expected)


def test_an_interval_is_as_wide_as_its_confidence_asks():
    values = [61.2, 62.0, 60.9, 61.7]
    expected = stats.t.interval(0.8, 3, loc=sum(values) / 4, scale=stats.sem(values))
    assert summarise(values, confidence=0.8).interval == pytest.approx(expected)


def test_nothing_cannot_be_summarised():
    with pytest.raises(ValueError, match="no values"):
        summarise([])
