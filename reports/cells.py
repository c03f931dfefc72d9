"""What a table is made of. Scores are in percent and unrounded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from experiments.records import EvaluationRecord, ProtocolRecord
from experiments.reported import Metric, ReportedValue
from model.config import Task
from reports.official import OfficialScore
from reports.results import StoredTrial
from reports.statistics import Summary

State = Literal["measured", "unfinished", "unreadable", "mixed_protocol", "mixed_data", "not_run"]


@dataclass(frozen=True)
class Run:
    """A stored trial in its place in the table."""

    seed: int
    stored: StoredTrial

    @property
    def key(self) -> str:
        """The trial key."""
        return self.stored.key

    @property
    def checkpoint_checksums(self) -> dict[str, str]:
        """SHA-256 of the files of the tested checkpoint, by path relative to the trial directory."""
        result = self.stored.result
        if result is None:
            return {}
        return {
            path: checksum
            for path, checksum in sorted(result.checksums.items())
            if path == result.checkpoint or path.startswith(f"{result.checkpoint}/")
        }


@dataclass(frozen=True)
class Column:
    """One metric on one task."""

    task: Task
    metric: Metric


@dataclass(frozen=True)
class Cell:
    """One number of the table and the runs behind it."""

    variant: str
    column: Column
    state: State
    runs: tuple[Run, ...]
    wanted: int
    """Seeds that this scale asks for; 0 when it does not train the task."""
    summary: Summary | None
    """Percent over finished seeds; present exactly when the state is `measured`."""
    reported: ReportedValue | None
    official: OfficialScore | None
    """What the authors' released weights score here, when they were imported and evaluated."""
    best: bool = False
    """The highest of several measured values of the column."""

    @property
    def delta(self) -> float | None:
        """Measured minus reported, percentage points."""
        if self.summary is None or self.reported is None:
            return None
        return self.summary.mean - self.reported.percent

    @property
    def finished(self) -> tuple[Run, ...]:
        """The runs that have a result."""
        return tuple(run for run in self.runs if run.stored.result is not None)

    @property
    def complete(self) -> bool:
        """Whether every wanted seed is behind the value."""
        return self.summary is not None and self.summary.n >= self.wanted


@dataclass(frozen=True)
class Row:
    """A variant."""

    variant: str
    label: str
    cells: tuple[Cell, ...]
    """In the order of the table's columns."""

    @property
    def runs(self) -> dict[Task, tuple[Run, ...]]:
        """The runs behind the row by task, tasks without runs left out."""
        return {cell.column.task: cell.runs for cell in self.cells if cell.runs}


@dataclass(frozen=True)
class Table:
    """A table of a paper, measured and as reported."""

    study: str
    title: str
    paper: str
    """Name of the paper as its citations give it, such as `COMBO`."""
    number: str
    caption: str
    row_header: str
    scale: str
    scale_note: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    protocols: tuple[ProtocolRecord, ...]
    footnotes: tuple[str, ...]
    commands: tuple[str, ...]
    """What to run to fill the cells that are not measured; empty when all are."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, row by row."""
        return tuple(cell for row in self.rows for cell in row.cells)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Tasks in the order of the columns."""
        return tuple(dict.fromkeys(column.task for column in self.columns))

    @property
    def official(self) -> tuple[EvaluationRecord, ...]:
        """The evaluations of the authors' weights behind the cells, each once."""
        return official_evaluations(self.cells)


def official_evaluations(cells: Iterable[Cell]) -> tuple[EvaluationRecord, ...]:
    """The evaluations of the authors' weights behind some cells, each once."""
    records = {cell.official.record.key: cell.official.record for cell in cells if cell.official is not None}
    return tuple(records.values())
