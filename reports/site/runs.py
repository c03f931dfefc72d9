"""The runs behind a table in the order of its rows."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.reported import Column
from reports.tables.cells import Row, Run, Table
from reports.tables.measures import measured_value


@dataclass(frozen=True)
class PlacedRun:
    """A run in its row, with what it gives to each of the row's cells."""

    row: Row
    run: Run
    values: tuple[tuple[Column, float], ...]
    """Its value in each column, in the unit of the column; empty while it has no result."""


def runs_of(table: Table) -> tuple[PlacedRun, ...]:
    """All runs, those without a result included; one that stands in several rows is told of in each."""
    return tuple(
        PlacedRun(row, run, _values(row, run))
        for row in table.rows
        for run in {run.key: run for cell in row.cells for run in cell.runs}.values()
    )


def value_of(run: Run, column: Column) -> float | None:
    """What a run gives to a column; None without a result."""
    return None if run.stored.result is None else measured_value(run.stored.result, column)


def _values(row: Row, run: Run) -> tuple[tuple[Column, float], ...]:
    own = (cell.column for cell in row.cells if run in cell.runs)
    return tuple((column, value) for column in own if (value := value_of(run, column)) is not None)
