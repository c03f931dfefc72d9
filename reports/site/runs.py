"""The runs behind a table in the order of its rows, each with what tells it apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from experiments.identity import differences
from experiments.reported import Column
from experiments.schema import Measure
from model.config import Task
from reports.addresses import once_each, run_address
from reports.plots.seed_bands import Points, points_of, thinned
from reports.render.wording import task_name
from reports.site.contents import TablePage
from reports.site.pictures import Picture
from reports.tables.cells import Row, Run
from reports.tables.measures import measured_value

RunState = Literal["finished", "unfinished", "failed", "unreadable"]
TOLD_APART = ("seed", "data.fingerprint", "initial_trial")
"""Settings that a run tells of in other words: its seed, its data, the task that it starts from."""


@dataclass(frozen=True)
class PlacedRun:
    """A run in its row."""

    address: str
    """Unique on the page."""
    row: Row
    run: Run
    task: Task | None
    """None where the table tells of no task."""
    start: Task | None
    state: RunState
    values: Mapping[Measure, float]
    """What it gives to each measure, in the unit of the column; empty while it has no result."""
    settings: Mapping[str, Any]
    """By dotted key, those that not all runs of the table share."""
    curve: Points | None
    """Validation M_J in percent over optimiser steps; None before the first validation."""
    pictures: tuple[Picture, ...]

    @property
    def task_name(self) -> str:
        """Such as `MS3 from S4`."""
        return task_name(self.task, self.start)


def runs_of(page: TablePage) -> tuple[PlacedRun, ...]:
    """All runs, those without a result included; one that stands in several rows is told of in each."""
    found = [(row, *place) for row in page.table.rows for place in _in_row(row)]
    settings = _settings(run for _, run, _ in found)
    addresses = once_each(run_address(run.key) for _, run, _ in found)
    return tuple(
        PlacedRun(
            address=address,
            row=row,
            run=run,
            task=column.task,
            start=column.start,
            state=_state(run),
            values=_values(row, run),
            settings=settings.get(run.key, {}),
            curve=_curve(page, run),
            pictures=tuple(picture for picture in page.pictures if picture.key == run.key),
        )
        for (row, run, column), address in zip(found, addresses, strict=True)
    )


def value_of(run: Run, column: Column) -> float | None:
    """What a run gives to a column; None without a result."""
    return None if run.stored.result is None else measured_value(run.stored.result, column)


def _in_row(row: Row) -> Iterable[tuple[Run, Column]]:
    """Each run of a row with the first column that it stands in; columns that name a task come first."""
    places: dict[str, tuple[Run, Column]] = {}
    for cell in sorted(row.cells, key=lambda cell: cell.column.task is None):
        for run in cell.runs:
            places.setdefault(run.key, (run, cell.column))
    return places.values()


def _settings(runs: Iterable[Run]) -> dict[str, dict[str, Any]]:
    """By trial key, what not all of the runs share."""
    configs = {run.key: config for run in runs if (config := run.stored.config) is not None}
    if not configs:
        return {}
    _, own = differences(list(configs.values()))
    return {
        key: {name: value for name, value in of_run.items() if name not in TOLD_APART}
        for key, of_run in zip(configs, own, strict=True)
    }


def _state(run: Run) -> RunState:
    if run.stored.problem is not None:
        return "unreadable"
    if run.stored.result is not None:
        return "finished"
    return "unfinished" if run.stored.failure is None else "failed"


def _values(row: Row, run: Run) -> dict[Measure, float]:
    own = (cell.column for cell in row.cells if run in cell.runs)
    return {
        column.metric: value
        for column in own
        if column.metric != "setting" and (value := value_of(run, column)) is not None
    }


def _curve(page: TablePage, run: Run) -> Points | None:
    curve = page.curves.get(run.key)
    points = None if curve is None else points_of(curve)
    return None if points is None else thinned(points)
