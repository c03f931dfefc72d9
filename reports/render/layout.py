"""A table as it is printed: lines and columns with names in two parts, turned where the paper turns it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from experiments.reported import Column
from experiments.reported_schema import Citation
from reports.render import wording
from reports.tables.cells import Cell, Row, Table


@dataclass(frozen=True)
class Head:
    """The name of a line or a column. Its texts are labels, which may hold math."""

    outer: str
    """Shared by neighbours, printed once: a method, a task."""
    inner: str
    """What tells neighbours apart: a backbone, a measure."""
    name: str
    """Both in one piece."""
    group: str = ""
    is_published: bool = False
    cite: Citation | None = None

    def shares_outer(self, other: Head) -> bool:
        """Whether the outer part of two neighbours is printed once."""
        return (self.outer, self.group, self.cite) == (other.outer, other.group, other.cite)


@dataclass(frozen=True)
class Span:
    """An outer part over the columns that share it."""

    head: Head
    """Head of the first of the columns."""
    width: int


@dataclass(frozen=True)
class Line:
    """A line of the body."""

    head: Head
    cells: tuple[Cell, ...]
    repeats_outer: bool
    """Whether the line above it has printed the outer part of its head."""
    starts_group: bool
    """Whether a heading stands above it."""


@dataclass(frozen=True)
class Grid:
    """A table with its lines and columns in the order of the print."""

    lines: tuple[Line, ...]
    columns: tuple[Head, ...]
    line_names: tuple[str, str]
    """What the two parts of the lines' heads are called; empty where the print says nothing."""
    column_names: tuple[str, str]
    """The same of the columns' heads."""

    @property
    def lines_have_inner(self) -> bool:
        """Whether the heads of the lines take two columns."""
        return bool(self.line_names[1]) or any(line.head.inner for line in self.lines)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The outer parts of the columns' heads, from left to right."""
        key = [(head.outer, head.group, head.cite) for head in self.columns]
        groups = (list(group) for _, group in groupby(range(len(key)), key=key.__getitem__))
        return tuple(Span(self.columns[group[0]], len(group)) for group in groups)


def grid(table: Table) -> Grid:
    """Variants become lines or columns, as the paper has it; tasks and measures become the others."""
    variants = [_variant(row) for row in table.rows]
    measures = [_measure(column) for column in table.columns]
    names = table.row_header, table.side_header or ""
    cells = [row.cells for row in table.rows]
    if table.variants_are == "rows":
        return Grid(_lines(variants, cells), tuple(measures), names, ("", ""))
    turned = list(zip(*cells, strict=True))
    return Grid(_lines(measures, turned), tuple(variants), ("", ""), names)


def _variant(row: Row) -> Head:
    return Head(row.label, row.side, wording.row_label(row), row.group, row.is_published, row.cite)


def _measure(column: Column) -> Head:
    task, metric = wording.task_name(column.task, column.start), wording.METRIC_LABELS[column.metric]
    return Head(task, metric, wording.column_label(column))


def _lines(heads: Sequence[Head], cells: Sequence[tuple[Cell, ...]]) -> tuple[Line, ...]:
    before = [None, *heads]
    return tuple(
        Line(
            head=head,
            cells=of_line,
            repeats_outer=last is not None and head.shares_outer(last),
            starts_group=bool(head.group) and (last is None or head.group != last.group),
        )
        for head, of_line, last in zip(heads, cells, before, strict=False)
    )
