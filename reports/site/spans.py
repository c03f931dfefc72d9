"""A table's grid as HTML wants it: each heading once, with the lines and columns that it spans."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from experiments.reported_schema import Citation
from reports.addresses import cell_address, once_each
from reports.render.layout import Grid, Head, Line, grid
from reports.render.wording import STATE_WORDS
from reports.tables.cells import Cell, Row, State, Table

Kind = Literal["corner", "inner-corner", "span", "column", "line", "inner"]
_CORNERS: tuple[Kind, Kind] = ("corner", "inner-corner")


@dataclass(frozen=True)
class Heading:
    """A heading; its text may hold LaTeX math between dollar signs."""

    text: str
    kind: Kind
    across: int = 1
    down: int = 1
    is_published: bool = False
    cite: Citation | None = None
    below: str = ""
    """The inner heading once more, for screens that have no room for a column of its own."""
    repeats: bool = False
    """Whether the line above says the same."""
    first: int | None = None
    """Number of the first column of cells that it stands over; None where it stands over none."""

    @property
    def columns(self) -> range:
        """Numbers of the columns of cells that it stands over."""
        return range(0) if self.first is None else range(self.first, self.first + self.across)


@dataclass(frozen=True)
class Place:
    """A cell with its row."""

    id: str
    """Place of what stands behind it, unique on the page."""
    address: str
    """Its own, by which links find it; unique on the page."""
    cell: Cell
    row: Row


@dataclass(frozen=True)
class BodyLine:
    """A line of the table's body."""

    group: str
    """Heading above it; empty where none starts here."""
    headings: tuple[Heading, ...]
    places: tuple[Place, ...]
    is_published: bool


@dataclass(frozen=True)
class SpannedTable:
    """A table ready to be written as HTML."""

    head: tuple[tuple[Heading, ...], ...]
    body: tuple[BodyLine, ...]
    width: int
    """In columns, those of the headings included."""

    @property
    def places(self) -> tuple[Place, ...]:
        """All cells, line by line."""
        return tuple(place for line in self.body for place in line.places)

    @property
    def states(self) -> dict[State, str]:
        """The states that its cells have, each with the word for it."""
        return {place.cell.state: STATE_WORDS[place.cell.state] for place in self.places}

    @property
    def has_reported(self) -> bool:
        """Whether numbers that others report stand in it."""
        return any(place.cell.reported is not None for place in self.places)


def spanned(table: Table) -> SpannedTable:
    """Lays a table out as its paper prints it."""
    shape = grid(table)
    lead = _lead(shape)
    rows = {row.name: row for row in table.rows}
    cells = [cell for line in shape.lines for cell in line.cells]
    addresses = iter(once_each(cell_address(cell.row, cell.column) for cell in cells))
    body = tuple(
        BodyLine(
            group=line.head.group if line.starts_group else "",
            headings=_line_headings(line, lead),
            places=tuple(
                Place(f"cell-{down}-{across}", next(addresses), cell, rows[cell.row])
                for across, cell in enumerate(line.cells)
            ),
            is_published=line.head.is_published,
        )
        for down, line in enumerate(shape.lines)
    )
    return SpannedTable(_head(shape), body, lead + len(shape.columns))


def _lead(shape: Grid) -> int:
    """Columns that the headings of the lines take."""
    return 2 if shape.lines_have_inner else 1


def _head(shape: Grid) -> tuple[tuple[Heading, ...], ...]:
    """Two lines of headings, or one where the columns' names have one part only."""
    if not any(head.outer and head.inner for head in shape.columns):
        names = [_heading(head, "column", head.outer or head.inner, first=i) for i, head in enumerate(shape.columns)]
        return ((*_corners(shape, down=1), *names),)
    over: list[Heading] = []
    under = _under_corners(shape)
    columns = enumerate(shape.columns)
    for span in shape.spans:
        heads = [next(columns) for _ in range(span.width)]
        if span.head.outer:
            over.append(_heading(span.head, "span", span.head.outer, across=span.width, first=heads[0][0]))
            under += [_heading(head, "column", head.inner, first=first) for first, head in heads]
        else:
            over += [_heading(head, "column", head.inner, down=2, first=first) for first, head in heads]
    return (*_corners(shape, down=1 if shape.column_names[1] else 2), *over), tuple(under)


def _corners(shape: Grid, down: int) -> list[Heading]:
    """What the headings of the lines are called, or those of the columns where these are the variants."""
    names = (shape.column_names[0], "") if shape.column_names[0] else shape.line_names
    return [Heading(name, kind, down=down) for name, kind in zip(names, _CORNERS, strict=True)][: _lead(shape)]


def _under_corners(shape: Grid) -> list[Heading]:
    if not shape.column_names[1]:
        return []
    names = (shape.column_names[1], "")
    return [Heading(name, kind) for name, kind in zip(names, _CORNERS, strict=True)][: _lead(shape)]


def _line_headings(line: Line, lead: int) -> tuple[Heading, ...]:
    head = line.head
    outer = _heading(head, "line", head.outer if head.outer or lead == 2 else head.inner)
    if lead == 1:
        return (outer,)
    return replace(outer, below=head.inner, repeats=line.repeats_outer), _heading(head, "inner", head.inner)


def _heading(head: Head, kind: Kind, text: str, across: int = 1, down: int = 1, first: int | None = None) -> Heading:
    cite = None if kind == "inner" else head.cite
    return Heading(text, kind, across, down, head.is_published, cite, first=first)
