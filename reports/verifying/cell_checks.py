"""Recomputes the number of a cell from the per-clip scores behind it, apart from the code that builds tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, stdev
from typing import TypeAlias

from scipy import stats

from experiments.errors import InputError
from experiments.schema import SCORES, Statistics
from reports.stored.scores import ScoreTerms
from reports.tables.bootstrap import bootstrap_scores, percentile_interval
from reports.tables.cells import Cell, Table
from reports.tables.measures import measured_value
from reports.tables.paired_test import paired_test
from reports.verifying.discrepancy import Discrepancy
from reports.verifying.trial_checks import Checked, agree

Numbers: TypeAlias = dict[str, float | None]
"""By what they are; None where there is none."""


def check_cell(table: Table, cell: Cell, checked: Mapping[str, Checked]) -> Iterator[Discrepancy]:
    """What a cell shows and what follows from its trials instead.

    Args:
        table: that the cell is in.
        cell: of ours.
        checked: the trials behind the table by key. What is wrong with them is not told again.
    """
    if cell.summary is None:
        return
    values = _values(cell, checked)
    if not values:
        return
    summary, difference = cell.summary, cell.difference
    shown: Numbers = {"seeds": summary.n, "mean": summary.mean, "standard deviation": summary.sd}
    shown |= _ends(summary.interval)
    shown |= _test(None if difference is None else (difference.points, difference.p_value))
    expected: Numbers = {"seeds": len(values), "mean": mean(values)}
    expected["standard deviation"] = stdev(values) if len(values) > 1 else None
    expected |= _ends(_interval(table.statistics, cell, values, checked))
    expected |= _test(_difference(table, cell, checked))
    for what, number in expected.items():
        if not _same(shown[what], number):
            yield Discrepancy(what, _told(shown[what]), _told(number))


def _values(cell: Cell, checked: Mapping[str, Checked]) -> list[float]:
    """What each seed adds to the cell, in its unit; none where that is not known of all."""
    if cell.column.metric in SCORES:
        return [100 * seed.score for seed in _terms(cell, checked)]
    results = [checked[run.key].result for run in cell.counted]
    values = [None if result is None else measured_value(result, cell.column) for result in results]
    return [] if None in results else [value for value in values if value is not None]


def _terms(cell: Cell, checked: Mapping[str, Checked]) -> list[ScoreTerms]:
    """What the clips add to each seed's score; nothing where that is not known of all."""
    metric, terms = cell.column.metric, []
    for one in (checked[run.key] for run in cell.counted):
        if one.result is None or one.clips is None or (metric != "m_j" and metric != "m_f"):
            return []
        try:
            terms.append(one.clips.terms(metric, one.result.protocol))
        except InputError:
            return []
    return terms


def _interval(
    asked: Statistics, cell: Cell, values: Sequence[float], checked: Mapping[str, Checked]
) -> tuple[float, float] | None:
    if asked.interval == "bootstrap":
        terms = _terms(cell, checked)
        if not terms or not _are_of_the_same_clips([cell], checked):
            return None
        low, high = percentile_interval(bootstrap_scores(terms, asked.resamples), asked.confidence)
        return 100 * low, 100 * high
    if len(values) < 2:
        return None
    error = stdev(values) / len(values) ** 0.5
    if error == 0:
        return values[0], values[0]
    low, high = stats.t.interval(asked.confidence, len(values) - 1, loc=mean(values), scale=error)
    return float(low), float(high)


def _difference(table: Table, cell: Cell, checked: Mapping[str, Checked]) -> tuple[float, float] | None:
    """From the baseline's row, and the p-value; None where the two are not compared."""
    name = table.statistics.baseline
    baseline = next((one for one in table.own_cells if (one.row, one.column) == (name, cell.column)), None)
    if baseline is None or baseline.row == cell.row or baseline.summary is None:
        return None
    terms, others = _terms(cell, checked), _terms(baseline, checked)
    if not terms or not others or not _are_of_the_same_clips([cell, baseline], checked):
        return None
    test = paired_test(terms, others, table.statistics.resamples)
    return 100 * test.difference, test.p_value


def _are_of_the_same_clips(cells: Sequence[Cell], checked: Mapping[str, Checked]) -> bool:
    clips = [checked[run.key].clips for cell in cells for run in cell.counted]
    return len({one.names for one in clips if one is not None}) == 1


def _test(difference: tuple[float, float] | None) -> Numbers:
    points, p_value = (None, None) if difference is None else difference
    return {"difference from the baseline": points, "p-value": p_value}


def _ends(interval: tuple[float, float] | None) -> Numbers:
    low, high = (None, None) if interval is None else interval
    return {"interval from": low, "interval to": high}


def _same(one: float | None, other: float | None) -> bool:
    return one is other if one is None or other is None else agree(one, other)


def _told(number: float | None) -> str:
    return "none" if number is None else repr(number)
