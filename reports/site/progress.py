"""How much of each table is measured, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reports.render.reasons import Reason, reasons
from reports.site.contents import TablePage
from reports.tables.cells import Cell, State

Share = Literal["complete", "partial"] | State
"""What a cell adds to a table's bar: a number of all its seeds, of some, or the reason why there is none."""

ORDER: tuple[Share, ...] = (
    "complete",
    "partial",
    "unfinished",
    "stale",
    "mixed_protocol",
    "mixed_data",
    "failed",
    "unreadable",
    "not_run",
)
TOLD = 2
"""Reasons that a table's line on the overview names; the others are on its page."""


@dataclass(frozen=True)
class Progress:
    """The state of one table."""

    page: TablePage
    bar: tuple[Share, ...]
    """One share for each own cell, those with numbers first."""
    told: tuple[Reason, ...]
    untold: int
    """Further reasons."""

    @property
    def measured(self) -> int:
        """Own cells with a number."""
        return sum(share in ("complete", "partial") for share in self.bar)

    @property
    def complete(self) -> bool:
        """Whether every own cell has its number, of all its seeds."""
        return all(share == "complete" for share in self.bar)


@dataclass(frozen=True)
class Paper:
    """The tables of one paper in the order of their numbers."""

    name: str
    tables: tuple[Progress, ...]

    @property
    def measured(self) -> int:
        """Own cells with a number, over all tables."""
        return sum(table.measured for table in self.tables)

    @property
    def own(self) -> int:
        """Cells that are measured here, over all tables."""
        return sum(len(table.bar) for table in self.tables)


def in_papers_order(pages: Sequence[TablePage]) -> tuple[TablePage, ...]:
    """Papers as they come; within one, Table 2 before 10, and those of the appendix, with Roman numbers, last."""
    papers = list(dict.fromkeys(page.table.paper for page in pages))
    return tuple(sorted(pages, key=lambda page: (papers.index(page.table.paper), *_by_number(page.table.number))))


def papers_of(pages: Sequence[TablePage]) -> tuple[Paper, ...]:
    """The progress of all tables, paper by paper."""
    ordered = in_papers_order(pages)
    names = dict.fromkeys(page.table.paper for page in ordered)
    return tuple(
        Paper(name, tuple(progress_of(page) for page in ordered if page.table.paper == name)) for name in names
    )


def progress_of(page: TablePage) -> Progress:
    """The state of one table."""
    shares = tally(map(_share, page.table.own_cells))
    bar = tuple(share for share, count in shares for _ in range(count))
    missing = reasons(page.table) if page.table.own_cells else []
    return Progress(page, bar, tuple(missing[:TOLD]), len(missing[TOLD:]))


def tally(bar: Iterable[Share]) -> tuple[tuple[Share, int], ...]:
    """How many cells have what, those with numbers first."""
    counts = Counter(bar)
    return tuple((share, counts[share]) for share in ORDER if counts[share])


def _share(cell: Cell) -> Share:
    if cell.state != "measured":
        return cell.state
    return "complete" if cell.complete else "partial"


def _by_number(number: str) -> tuple[bool, int, str]:
    return not number.isdecimal(), int(number) if number.isdecimal() else 0, number
