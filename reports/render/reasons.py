"""Why cells hold no number or not the whole number: one line for each reason, with the cells that it holds for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from experiments.reported import Column
from reports.render import wording
from reports.tables.cells import State, Table

EVERYWHERE = "all rows"
_WORDS: dict[State, str] = {**wording.STATE_WORDS, "measured": "partly measured", "setting": "ours"}


@dataclass(frozen=True)
class Reason:
    """Something that keeps cells from being numbers."""

    word: str
    """Word for the cells' state, such as `failed`."""
    where: str
    """The cells, such as `$\\lambda_{ada}$ = 5 on S4`; a label, which may hold math."""
    why: str
    """A sentence but for its capital letter."""


def reasons(table: Table) -> list[Reason]:
    """In the order of the cells."""
    found: dict[tuple[State, str], dict[str, list[Column]]] = defaultdict(lambda: defaultdict(list))
    for row in table.rows:
        for cell in row.cells:
            if cell.why:
                found[cell.state, cell.why][row.name].append(cell.column)
    return [
        Reason(_WORDS[state], "; ".join(_places(table, cells)), _ended(why)) for (state, why), cells in found.items()
    ]


def _places(table: Table, cells: Mapping[str, Sequence[Column]]) -> Iterator[str]:
    """Rows that miss the same columns are named together.

    Args:
        table: that holds them.
        cells: columns by name of the row.
    """
    labels = {row.name: f"“{wording.row_label(row)}”" for row in table.rows if not row.is_published}
    rows_by_columns: dict[tuple[Column, ...], list[str]] = defaultdict(list)
    for name, columns in cells.items():
        rows_by_columns[tuple(columns)].append(name)
    for columns, names in rows_by_columns.items():
        named = EVERYWHERE if len(names) == len(labels) > 1 else ", ".join(labels[name] for name in names)
        where = _columns(table, columns)
        yield f"{named} on {where}" if where else named


def _columns(table: Table, columns: Sequence[Column]) -> str:
    """Tasks of which all measures are meant are named alone; nothing is said where all columns are meant."""
    if tuple(columns) == table.columns:
        return ""
    names = []
    for task, group in groupby(table.columns, key=lambda column: (column.task, column.start)):
        members = list(group)
        meant = [column for column in members if column in columns]
        is_whole = meant == members and task[0] is not None
        names += [wording.task_name(*task)] if is_whole else [wording.column_label(column) for column in meant]
    return " and ".join(names)


def _ended(sentence: str) -> str:
    return sentence if sentence.rstrip().endswith((".", "!", "?")) else f"{sentence}."
