"""Which numbers of a column are the best, and by how much ours beat those of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from experiments.reported import Column
from experiments.scales import FULL
from experiments.schema import SCORES
from reports.tables.cells import Cell, Row, Table

LOWER_IS_BETTER = ("parameters", "trainable_parameters", "seconds_per_clip")
UNRANKED = ("parameters", "trainable_parameters", "setting")
"""Columns without a best: a smaller network is no better by itself."""
BEST, SECOND = 1, 2
"""Places that a table marks."""
DECIMALS = 1
"""Numbers that are printed alike share a place."""
FEWEST_FOR_SECOND = 3
"""Numbers of a column below which the second best is the worst."""


def ranked(rows: Sequence[Row], columns: Sequence[Column], scale: str) -> tuple[Row, ...]:
    """The rows with the best measured and the best reported number of each column marked, and with gains.

    A single number is not called the best of anything. A gain is over what is reported of the best method of
    others with the same second column, such as the same backbone, as the papers print it in brackets; only what was
    trained at the papers' own scale is compared so.
    """
    per_column = [_ranked_column(rows, index, column, scale) for index, column in enumerate(columns)]
    by_row = zip(*per_column, strict=True) if per_column else [()] * len(rows)
    return tuple(replace(row, cells=tuple(cells)) for row, cells in zip(rows, by_row, strict=True))


def standings(table: Table) -> dict[tuple[str, Column], int]:
    """The best and the second best of each column over all rows that a table shows, by row and column.

    A row that is trained here counts with what was measured, a row of others with what is reported of it. So a number
    of ours below a reported one is not the best.
    """
    places: dict[tuple[str, Column], int] = {}
    for index, column in enumerate(table.columns):
        shown = {row.name: value for row in table.rows if (value := _shown_value(row.cells[index])) is not None}
        if len(shown) < 2 or column.metric in UNRANKED:
            continue
        order = sorted(set(shown.values()), reverse=column.metric not in LOWER_IS_BETTER)
        marked = order[: SECOND if len(shown) >= FEWEST_FOR_SECOND else BEST]
        places |= {(row, column): marked.index(value) + 1 for row, value in shown.items() if value in marked}
    return places


def _shown_value(cell: Cell) -> float | None:
    if cell.summary is not None:
        return round(cell.summary.mean, DECIMALS)
    return cell.reported.value if cell.state == "published" and cell.reported is not None else None


def _ranked_column(rows: Sequence[Row], index: int, column: Column, scale: str) -> list[Cell]:
    cells = [row.cells[index] for row in rows]
    measured = [cell.summary.mean for cell in cells if cell.summary is not None]
    reported = [cell.reported.value for cell in cells if cell.reported is not None]
    best, best_reported = _best(measured, column), _best(reported, column)
    return [
        replace(
            cell,
            best=cell.summary is not None and cell.summary.mean == best,
            best_reported=cell.reported is not None and cell.reported.value == best_reported,
            gain=_gain(row, index, rows) if scale == FULL else None,
        )
        for row, cell in zip(rows, cells, strict=True)
    ]


def _best(values: Sequence[float], column: Column) -> float | None:
    if len(values) < 2 or column.metric in UNRANKED:
        return None
    return min(values) if column.metric in LOWER_IS_BETTER else max(values)


def _gain(row: Row, index: int, rows: Sequence[Row]) -> float | None:
    cell = row.cells[index]
    if cell.summary is None or cell.column.metric not in SCORES or row.is_of_others:
        return None
    others = [other for other in rows if (other.is_published or other.is_of_others) and other.side == row.side]
    rivals = [other.cells[index].reported for other in others]
    best = max((rival.value for rival in rivals if rival is not None), default=None)
    return None if best is None else cell.summary.mean - best
