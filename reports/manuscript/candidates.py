"""Which stored numbers a passage may speak of: those of the tables, rows, tasks and measures that it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reports.manuscript.passages import Passage, plain
from reports.manuscript.typed_numbers import metrics_in, tasks_in
from reports.render.bound_numbers import BoundNumber
from reports.render.math_label import in_unicode
from reports.slugs import slug
from reports.tables.cells import Row, Table

_WORD = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True)
class Candidates:
    """The numbers that a passage may speak of."""

    numbers: tuple[BoundNumber, ...]
    of_any_row: tuple[BoundNumber, ...]
    """The same, whatever rows the passage names."""
    is_about_scores: bool
    """Whether the passage names anything that a table is made of."""


class Finder:
    """Looks up what passages may speak of.

    Args:
        numbers: of all tables.
    """

    def __init__(self, numbers: Sequence[BoundNumber]) -> None:
        self._numbers = tuple(number for number in numbers if number.value is not None)
        self._tables = {number.table.experiment: number.table for number in numbers}

    def candidates(self, passage: Passage) -> Candidates:
        """Each kind of thing that a passage names narrows the choice; what it does not name leaves it open."""
        latex, text = passage.text, plain(passage.text)
        around, told = passage.around or latex, plain(passage.around or latex)
        tables = {name for name, table in self._tables.items() if _names_table(table, around, told)}
        metrics, tasks = metrics_in(text), tasks_in(text)
        of_tables = [number for number in self._numbers if not tables or number.table.experiment in tables]
        rows = {
            (number.table.experiment, number.row.name)
            for number in of_tables
            if number.row is not None and _names_row(number.table, number.row, text, is_line=bool(passage.around))
        }
        found = [
            number
            for number in of_tables
            if number.cell is None
            or (
                (not metrics or number.cell.column.metric in metrics)
                and (not tasks or number.cell.column.task in tasks)
            )
        ]
        of_rows = [
            number
            for number in found
            if not rows or (number.row is not None and (number.table.experiment, number.row.name) in rows)
        ]
        is_about = bool(tables or rows or metrics_in(told) or tasks_in(told))
        return Candidates(tuple(of_rows), tuple(found), is_about)


def _names_table(table: Table, latex: str, text: str) -> bool:
    label = re.escape(f"tab:{slug(table.experiment)}")
    number = rf"\bTab(?:le|\.)?\s*{re.escape(table.number)}(?![\w.])"
    return re.search(rf"\{{{label}(?:-audit)?\}}", latex) is not None or re.search(number, text) is not None


def _names_row(table: Table, row: Row, text: str, *, is_line: bool) -> bool:
    """A label that is a mere number counts behind the name of its column, or as a cell of a table."""
    label, side = in_unicode(row.label), in_unicode(row.side)
    if is_line and not _WORD.search(label):
        return label in (cell.strip() for cell in text.split("&"))
    if _WORD.search(label):
        return _has(text, label) and (not side or _has(text, side))
    header = in_unicode(table.row_header)
    return re.search(rf"{re.escape(header)}\s*(?:=|of|is|to|at|:)\s*{re.escape(label)}(?![\w.])", text) is not None


def _has(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None
