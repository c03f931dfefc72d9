r"""Every number of a report by a name, so that running text can hold it: `\combo{table7/lambda-5/s4/m_j}`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from experiments.schema import Statistics
from reports.addresses import column_address
from reports.render import wording
from reports.tables.cells import Cell, Row, Table

Kind = Literal["measured", "reported", "spread", "difference", "p-value", "count", "text"]
_OUTSIDE = re.compile(r"[^A-Za-z0-9_.+-]+")


@dataclass(frozen=True)
class BoundNumber:
    """A number that a manuscript may refer to."""

    name: str
    """Such as `combo/table7/lambda-5/s4/m_j/sd`."""
    kind: Kind
    text: str
    """As tables print it; empty where there is none."""
    value: float | None
    """Unrounded, in the unit of its column; None for texts and where there is no number."""
    why: str
    """What keeps it from being a number."""
    table: Table
    row: Row | None = None
    cell: Cell | None = None
    """Both None for what belongs to the whole table."""

    @property
    def is_of_the_paper(self) -> bool:
        """Whether it comes from the paper of a row that is trained here: its number, or what its weights score."""
        return self.kind == "reported" and self.cell is not None and self.cell.is_ours


def bound_numbers(tables: Iterable[Table]) -> list[BoundNumber]:
    """The numbers of all cells, in the order of the tables; names are unique."""
    seen: Counter[str] = Counter()
    found = []
    for table in tables:
        stem = "/".join(map(_part, table.experiment.split("/")))
        found += list(_of_table(table, stem))
        for row in table.rows:
            row_name = f"{stem}/{'/'.join(map(_part, row.name.split('/')))}"
            seen[row_name] += 1
            unique = row_name if seen[row_name] == 1 else f"{row_name}-{seen[row_name]}"
            places = ((cell, f"{unique}/{column_address(cell.column)}") for cell in row.cells)
            found += [number for cell, place in places for number in _of_cell(table, row, cell, place)]
    return found


def short_names(numbers: Sequence[BoundNumber]) -> dict[str, str]:
    """By full name, the name without that of the paper, `table7/…`; only where it means one number."""
    stems = {number.table.experiment for number in numbers}
    papers = Counter(stem.partition("/")[2] for stem in stems)
    return {
        number.name: number.name.partition("/")[2]
        for number in numbers
        if papers[number.table.experiment.partition("/")[2]] == 1 and "/" in number.table.experiment
    }


def _part(text: str) -> str:
    return _OUTSIDE.sub("-", text).strip("-") or "-"


def _of_table(table: Table, stem: str) -> Iterator[BoundNumber]:
    own = table.own_cells
    trials = {run.key for cell in own for run in cell.counted}
    counts = {"cells": len(own), "measured": sum(cell.summary is not None for cell in own), "trials": len(trials)}
    for name, count in counts.items():
        yield BoundNumber(f"{stem}/{name}", "count", str(count), count, "", table)


def _of_cell(table: Table, row: Row, cell: Cell, name: str) -> Iterator[BoundNumber]:
    for part, known in _known(cell, table.statistics).items():
        yield BoundNumber(name + part, known.kind, known.text, known.value, known.why, table, row, cell)


class _Known(NamedTuple):
    """Something that is known of a cell."""

    kind: Kind
    text: str
    value: float | None
    why: str = ""


def _known(cell: Cell, statistics: Statistics) -> dict[str, _Known]:
    """What is known of a cell, by what stands behind its name."""
    reported = None if cell.reported is None else cell.reported.value
    if cell.state == "published":
        text = "" if reported is None else wording.reported_number(cell)
        return {"": _Known("reported", text, reported, "not reported")}
    if cell.state == "setting":
        return {"": _Known("text", cell.text, None)}
    found = _measured(cell, statistics)
    if cell.reported is not None:
        found["/reported"] = _Known("reported", wording.printed_number(cell.reported), reported)
    return found


def _measured(cell: Cell, statistics: Statistics) -> dict[str, _Known]:
    summary, difference = cell.summary, cell.difference
    if summary is None:
        return {"": _Known("measured", "", None, cell.why or wording.STATE_WORDS[cell.state])}
    found = {
        "": _Known("measured", wording.number(summary.mean), summary.mean),
        "/n": _Known("count", str(summary.n), summary.n),
    }
    if summary.sd is not None:
        found["/sd"] = _Known("spread", wording.number(summary.sd), summary.sd)
        found["/pm"] = _Known("text", wording.measured(cell), None)
    for part, end in zip(("/low", "/high"), summary.interval or (), strict=False):
        found[part] = _Known("spread", wording.number(end), end)
    if cell.delta is not None:
        found["/delta"] = _Known("difference", wording.delta(cell), cell.delta)
    if cell.gain is not None:
        found["/gain"] = _Known("difference", wording.difference(cell.gain), cell.gain)
    if cell.imported is not None:
        found["/official"] = _Known("reported", wording.imported_number(cell), cell.imported.percent)
    if difference is not None:
        against = f"/vs-{_part(statistics.baseline or '')}"
        found[against] = _Known("difference", wording.difference(difference.points), difference.points)
        found["/p"] = _Known("p-value", wording.p_number(difference.p_value), difference.p_value)
    return found
