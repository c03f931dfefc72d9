"""The table as comma-separated values: one row per cell, unrounded, with everything that is known about it."""

from __future__ import annotations

import csv
import io

from reports.render.cell_rows import Value, cell_rows
from reports.tables.cells import Table

_FORMULA_STARTS = ("=", "+", "-", "@")


def render(table: Table) -> str:
    """The columns of `reports.render.cell_rows`; lists are joined by semicolons."""
    rows = cell_rows(table)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _field(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def neutral(value: Value) -> Value:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def _field(value: Value | list[Value]) -> Value:
    if isinstance(value, list):
        return ";".join("" if item is None else str(neutral(item)) for item in value)
    return neutral(value)
