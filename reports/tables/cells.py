"""What a table is made of. Nothing is rounded: scores are in percent, parameters in millions, times in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from experiments.records import EvaluationRecord, ProtocolRecord
from experiments.reported import Column, ReportedValue
from experiments.reported_schema import Citation
from experiments.schema import Statistics
from model.config import Task
from reports.stored.imported import ImportedScore
from reports.stored.stored_trial import StoredTrial
from reports.tables.statistics import Difference, Summary

State = Literal[
    "measured",
    "not_run",
    "unfinished",
    "failed",
    "stale",
    "unreadable",
    "mixed_protocol",
    "mixed_data",
    "published",
    "setting",
]
"""What a cell has: a number of ours, or why there is none. `published` cells hold what others report, `setting` cells a
setting of our configuration."""


@dataclass(frozen=True)
class RunLink:
    """Where MLflow shows a run."""

    run_id: str
    url: str


@dataclass(frozen=True)
class Run:
    """A stored trial in its place in the table."""

    seed: int
    stored: StoredTrial
    start_data: str = ""
    """Fingerprint of the data behind the weights that it starts from, if it starts from a stored trial's."""
    link: RunLink | None = None
    """None where MLflow does not know the run, or was not asked."""

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
class Cell:
    """One number of the table and the runs behind it."""

    row: str
    """Name of the row."""
    column: Column
    state: State
    why: str = ""
    """What keeps it from being a number, or from being the whole number, as a sentence; empty when nothing does."""
    is_to_run: bool = False
    """Whether running the experiment would fill it."""
    is_to_rescore: bool = False
    """Whether scoring stored weights again would fill it."""
    runs: tuple[Run, ...] = ()
    """All runs of the cell's trials, unfinished ones included."""
    counted: tuple[Run, ...] = ()
    """The finished runs behind its number."""
    wanted: int = 0
    """Seeds that this scale asks for; 0 when it does not train the task."""
    summary: Summary | None = None
    """Mean and spread over finished seeds; present exactly when the state is `measured`."""
    reported: ReportedValue | None = None
    reported_gain: ReportedValue | None = None
    """By how much the paper says that its number beats the others."""
    gain: float | None = None
    """By how much ours beats the best of the others that the table publishes, in the unit of the column."""
    imported: ImportedScore | None = None
    """What imported weights of this configuration score here, such as the authors' released ones."""
    difference: Difference | None = None
    """Difference from the table's baseline row on the same clips."""
    text: str = ""
    """Our value of a setting, in a cell of a settings table."""
    printed: str = ""
    """The paper's value of a setting, as printed."""
    best: bool = False
    """The best of several measured values of the column."""
    best_reported: bool = False
    """The best of the column's reported values."""

    @property
    def delta(self) -> float | None:
        """Measured minus reported, in the unit of the column."""
        if self.summary is None or self.reported is None:
            return None
        return self.summary.mean - self.reported.value

    @property
    def complete(self) -> bool:
        """Whether every wanted seed is behind the value."""
        return self.summary is not None and self.summary.n >= self.wanted

    @property
    def is_ours(self) -> bool:
        """Whether it is for a number that is measured here."""
        return self.state not in ("published", "setting")


@dataclass(frozen=True)
class Row:
    """A variant, a method that others report, or a setting."""

    name: str
    """Unique in the table."""
    label: str
    cells: tuple[Cell, ...]
    """In the order of the table's columns."""
    side: str = ""
    """What the second column says, where the table has one."""
    group: str = ""
    """Heading that it stands under with its neighbours."""
    cite: Citation | None = None
    """Citation of a method of others."""
    is_of_others: bool = False
    """Whether it trains a method that the paper compares its own with."""

    @property
    def is_published(self) -> bool:
        """Whether others report it and nobody measures it here."""
        return all(cell.state == "published" for cell in self.cells)

    @property
    def runs(self) -> dict[tuple[Task, Task | None], tuple[Run, ...]]:
        """The runs behind the row by task and start, where there are any."""
        return {
            (cell.column.task, cell.column.start): cell.runs
            for cell in self.cells
            if cell.runs and cell.column.task is not None
        }


@dataclass(frozen=True)
class Remedy:
    """How cells that hold no number get one."""

    told: str
    """What the command is for and what it costs, or why there is none."""
    command: str = ""
    """To be typed as it stands; empty where something else must be done first."""


@dataclass(frozen=True)
class Table:
    """A table of a paper, measured and as reported."""

    experiment: str
    title: str
    paper: str
    """Name of the paper as its citations give it, such as `COMBO`."""
    number: str
    caption: str
    row_header: str
    side_header: str | None
    variants_are: Literal["rows", "columns"]
    """Whether the paper prints it as it is here, or turned by a right angle."""
    scale: str
    scale_note: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    statistics: Statistics
    protocols: tuple[ProtocolRecord, ...]
    footnotes: tuple[str, ...]
    remedies: tuple[Remedy, ...]
    """What fills the cells that are not measured; empty when all are."""
    references: Mapping[str, str]
    """Entries of the paper's bibliography in BibTeX's form, by the key that rows cite."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, row by row."""
        return tuple(cell for row in self.rows for cell in row.cells)

    @property
    def own_cells(self) -> tuple[Cell, ...]:
        """The cells for numbers that are measured here."""
        return tuple(cell for cell in self.cells if cell.is_ours)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Tasks in the order of the columns."""
        tasks = (column.task for column in self.columns)
        return tuple(dict.fromkeys(task for task in tasks if task is not None))

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs behind all cells, each once."""
        return tuple({run.key: run for cell in self.cells for run in cell.runs}.values())

    @property
    def imported(self) -> tuple[EvaluationRecord, ...]:
        """The evaluations of imported weights behind the cells, each once."""
        return imported_evaluations(self.cells)


def imported_evaluations(cells: Iterable[Cell]) -> tuple[EvaluationRecord, ...]:
    """The evaluations of imported weights behind some cells, each once."""
    records = {cell.imported.record.key: cell.imported.record for cell in cells if cell.imported is not None}
    return tuple(records.values())
