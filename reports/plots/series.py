"""How plots tell rows apart, and what they call their axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from experiments.reported import Column
from experiments.schema import SCORES, Measure
from model.config import Task
from reports.drawing.fitted_text import NO_GLYPH, fitted, inches, literal
from reports.drawing.style import MARKERS, SERIES, label
from reports.render.math_label import in_unicode, split_label
from reports.render.wording import task_name
from reports.tables.cells import Row, Table

AXIS_LABELS: dict[Measure, str] = {
    "m_j": "$M_J$ (%)",
    "m_f": "$M_F$ (%)",
    "parameters": "parameters (millions)",
    "trainable_parameters": "trainable parameters (millions)",
    "seconds_per_clip": "time for a clip (ms)",
}
Dashes = Literal["-", "--", ":"]
DASHES: tuple[Dashes, ...] = ("-", "--", ":")
LEGEND_SIZE = 8.0
"""Points."""


@dataclass(frozen=True)
class Look:
    """How one of many series is drawn."""

    color: str
    marker: str
    dashes: Dashes


@dataclass(frozen=True)
class Place:
    """A task, and the task whose weights training starts from: the columns that one panel can show."""

    task: Task
    start: Task | None

    @property
    def title(self) -> str:
        """Such as `S4` or `MS3 from S4`."""
        return task_name(self.task, self.start)


def look(index: int) -> Look:
    """How the series with this number is drawn; the first 24 look different."""
    return Look(SERIES[index % len(SERIES)], MARKERS[index % len(MARKERS)], DASHES[index // len(SERIES) % len(DASHES)])


def places_of(table: Table) -> list[Place]:
    """The places of a table in the order of its columns."""
    return list(dict.fromkeys(Place(column.task, column.start) for column in table.columns if column.task is not None))


def scores_of(table: Table, place: Place) -> list[Column]:
    """The columns of a place that hold scores."""
    return [column for column in table.columns if column.metric in SCORES and is_at(column, place)]


def is_at(column: Column, place: Place) -> bool:
    """Whether a column belongs to a place."""
    return (column.task, column.start) == (place.task, place.start)


def without_runs(rows: Iterable[Row]) -> list[Row]:
    """Rows with their numbers alone: what a drawing is painted from decides whether it was drawn before."""
    return [
        replace(row, cells=tuple(replace(cell, runs=(), counted=(), imported=None) for cell in row.cells))
        for row in rows
    ]


def shortened(text: str, width: float, size: float) -> str:
    """A label for matplotlib, cut to a width; its math is typeset where nothing has to be cut or replaced.

    Args:
        text: of any origin.
        width: room in inches.
        size: of the letters in points.
    """
    has_math, plain = any(part.is_math for part in split_label(text)), in_unicode(text)
    if has_math and NO_GLYPH not in literal(plain) and inches(label(text), size) <= width:
        return label(text)
    shown = fitted(plain, width, size)
    return f" {shown}" if shown.startswith("_") else shown
