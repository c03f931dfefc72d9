"""How comparisons read: what differs in the settings beside what differs in the scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from experiments.schema import Measure
from reports.comparing.comparison import Change, Comparison, Group, Pair
from reports.comparing.history import CellChange
from reports.comparing.score_delta import Delta
from reports.render import wording
from reports.render.blocks import Block, Grid, Heading, Sentence
from reports.render.math_label import in_unicode
from reports.tables.statistics import Summary

NOTHING = "—"
ABOUT_P = (
    "p is two-sided, of a paired permutation test over the clips of the test split; it does not "
    "cover how scores vary between seeds."
)


def comparison_blocks(found: Comparison) -> Iterator[Block]:
    """Two sides that were compared."""
    yield Heading(f"A is {found.a}, B is {found.b}")
    if found.provenance:
        yield Sentence("How the results came about differs:")
        yield _changes_grid("of the results", found.provenance)
    if found.everywhere:
        yield Sentence("Settings that differ in every pair:")
        yield _changes_grid("setting", found.everywhere)
    if found.pairs:
        are_trials = all((pair.a.name, pair.b.name) == (found.a, found.b) for pair in found.pairs)
        yield _pairs_grid(found.pairs, are_named_above=are_trials)
        yield from _remarks(found.pairs, are_named_above=are_trials)
    else:
        yield Sentence("A and B have no rows on the same task to compare.", is_warning=True)
    for side, groups in (("A", found.only_a), ("B", found.only_b)):
        if groups:
            yield Sentence(f"Only in {side}: {', '.join(map(_name, groups))}")


def history_blocks(then: str, now: str, changes: Sequence[CellChange], cells: int) -> Iterator[Block]:
    """Tables at two moments.

    Args:
        then: the earlier moment.
        now: the later one.
        changes: the cells that differ.
        cells: how many were looked at.
    """
    yield Heading(f"A is as of {then}, B as of {now}")
    if not changes:
        yield Sentence(f"None of {cells} cells has changed.")
        return
    columns = ("table", "row", "column", "A", "B", "B − A", "because")
    rows = [
        (
            change.table.experiment,
            change.now.row,
            wording.column_name(change.now.column),
            wording.measured(change.then),
            wording.measured(change.now),
            NOTHING if change.difference is None else wording.difference(change.difference),
            change.because,
        )
        for change in changes
    ]
    yield Grid(columns, rows, frozenset(columns[3:6]))
    yield Sentence(f"{len(changes)} of {cells} cells have changed.")


def _changes_grid(heading: str, changes: Sequence[Change]) -> Grid:
    return Grid((heading, "A", "B"), [(change.key, change.a, change.b) for change in changes])


def _pairs_grid(pairs: Sequence[Pair], *, are_named_above: bool) -> Grid:
    """A line for each measure of a pair; what is the pair's own stands in the first of them."""
    numbers = ("A", "B", "B − A", "p", "seeds", "clips")
    columns = ("task", *(() if are_named_above else ("A is", "B is")), "settings, A → B", "measure", *numbers)
    rows = []
    for pair in pairs:
        names = () if are_named_above else (pair.a.name, pair.b.name)
        own = (_task(pair.a), *names, _settings(pair))
        for index, delta in enumerate(pair.deltas):
            rows.append((*(("",) * len(own) if index else own), _measure(delta.measure), *_numbers(delta)))
    return Grid(columns, rows, frozenset(numbers))


def _numbers(delta: Delta) -> tuple[str, ...]:
    difference = NOTHING if delta.difference is None else wording.difference(delta.difference)
    seeds = f"{0 if delta.a is None else delta.a.n}, {0 if delta.b is None else delta.b.n}"
    p = "" if delta.p_value is None else wording.p_number(delta.p_value)
    clips = "" if delta.clips is None else str(delta.clips)
    return _mean(delta.a), _mean(delta.b), difference, p, seeds, clips


def _mean(summary: Summary | None) -> str:
    if summary is None:
        return NOTHING
    return wording.number(summary.mean) + ("" if summary.sd is None else f" ± {wording.number(summary.sd)}")


def _remarks(pairs: Sequence[Pair], *, are_named_above: bool) -> Iterator[Sentence]:
    """Why numbers are not compared, each reason once with the pairs and measures that it holds for."""
    concerned: dict[tuple[str, bool], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        for delta in pair.deltas:
            if delta.why_not:
                concerned[delta.why_not, delta.is_comparable][_name(pair.a)].append(_measure(delta.measure))
    for (reason, is_comparable), measures in concerned.items():
        names = (f"{'' if are_named_above else f'{name} '}{' and '.join(own)}" for name, own in measures.items())
        told = reason if is_comparable else f"not compared, {reason}"
        yield Sentence(f"{', '.join(names)}: {told}", is_warning=not is_comparable)
    if any(delta.p_value is not None for pair in pairs for delta in pair.deltas):
        yield Sentence(ABOUT_P)


def _settings(pair: Pair) -> str:
    return "\n".join(f"{change.key}: {change.a} → {change.b}" for change in pair.changes)


def _name(group: Group) -> str:
    return f"{_task(group)} {group.name}"


def _task(group: Group) -> str:
    return wording.task_name(group.task, group.start)


def _measure(measure: Measure) -> str:
    return in_unicode(wording.METRIC_LABELS[measure])
