"""A table as it was at one moment and as it was at another: which cells have changed, and through which results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.tables.cells import Cell, Table


@dataclass(frozen=True)
class CellChange:
    """A cell at two moments."""

    table: Table
    """The table at the later moment."""
    then: Cell
    now: Cell
    because: str
    """Why it has changed, as a sentence."""

    @property
    def difference(self) -> float | None:
        """Now minus then, in the unit of the column; None where one of them has no number."""
        if self.then.summary is None or self.now.summary is None:
            return None
        return self.now.summary.mean - self.then.summary.mean


def cell_changes(then: Table, now: Table) -> Iterator[CellChange]:
    """The cells of ours that differ.

    Args:
        then: the table, built from the results of the earlier moment.
        now: the same table, built from those of the later one.
    """
    for before, after in zip(then.own_cells, now.own_cells, strict=True):
        if _state(before) != _state(after):
            yield CellChange(now, before, after, _because(before, after))


def _state(cell: Cell) -> tuple[object, ...]:
    return cell.state, cell.summary, frozenset(run.key for run in cell.counted)


def _because(then: Cell, now: Cell) -> str:
    if now.summary is None:
        return now.why
    before, after = ({run.key for run in cell.counted} for cell in (then, now))
    added, gone = len(after - before), len(before - after)
    parts = [f"{added} result{'s' * (added > 1)} more" if before else f"{added} first result{'s' * (added > 1)}"]
    parts = parts if added else []
    if gone:
        parts.append(f"{gone} no longer count{'s' * (gone == 1)}")
    return ", ".join(parts) or then.why or "it is computed otherwise"
