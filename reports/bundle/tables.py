"""Whether the tables of a bundle say what follows from its own storage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reports.bundle.request import REPORT
from reports.render import json_file
from reports.render.wording import column_name
from reports.slugs import slug
from reports.tables.cells import Table
from reports.verifying.trial_checks import agree
from reports.verifying.verify import Finding

NUMBERS = ("measured", "delta", "gain", "difference", "imported", "reported")
"""Parts of a cell that hold numbers, in the table's JSON."""


def check_tables(folder: Path, tables: Sequence[Table]) -> Iterator[Finding]:
    """Cells of which the bundle shows other numbers than its storage gives.

    Args:
        folder: the unpacked bundle.
        tables: built anew from its storage.
    """
    for table in tables:
        name = f"{REPORT}/tables/{slug(table.experiment)}.json"
        try:
            shown = _cells(json.loads((folder / name).read_bytes()))
            rebuilt = _cells(json.loads(json_file.render(table)))
        except (OSError, ValueError, KeyError, TypeError):
            yield Finding((), name, "the table", "sound", "missing or damaged")
            continue
        columns = {(row.name, place): cell for row in table.rows for place, cell in enumerate(row.cells)}
        for place in shown.keys() | rebuilt.keys():
            cell = columns.get(place)
            where = f"{table.experiment} {place[0]}" + ("" if cell is None else f", {column_name(cell.column)}")
            for part in NUMBERS:
                one, other = shown.get(place, {}).get(part), rebuilt.get(place, {}).get(part)
                if not _same(one, other):
                    yield Finding((where,), name, part, _told(one), _told(other))


def _cells(table: Any) -> dict[tuple[str, int], Any]:
    return {(row["name"], place): cell for row in table["rows"] for place, cell in enumerate(row["cells"])}


def _same(one: Any, other: Any) -> bool:
    """Whether two parts of JSON are equal, numbers up to the order in which they were summed."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return agree(one, other)
    return bool(one == other)


def _told(part: Any) -> str:
    if part is None:
        return "none"
    if isinstance(part, dict):
        return str(part.get("value", part.get("points", part.get("percent", part))))
    return str(part)
