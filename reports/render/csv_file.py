"""The table as comma-separated values: one row per cell, unrounded, with everything that is known about it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from experiments.records import ResultRecord
from reports.cells import Cell, Row, Table
from reports.render.plain_text import one_line

Value = str | int | float | bool | None

_FORMULA_STARTS = ("=", "+", "-", "@")
_OF_RUNS: dict[str, Callable[[ResultRecord], Value]] = {
    "trial_keys": lambda result: result.key,
    "protocols": lambda result: result.protocol.label,
    "best_steps": lambda result: result.best_step,
    "checkpoints": lambda result: result.checkpoint,
    "data_fingerprints": lambda result: result.provenance.data_fingerprint,
    "code_versions": lambda result: result.provenance.code_version,
    "commits": lambda result: result.provenance.commit,
    "devices": lambda result: result.provenance.device,
    "workers": lambda result: result.provenance.workers,
    "attempts": lambda result: result.provenance.attempts,
    "finished": lambda result: result.provenance.finished,
    "training_seconds": lambda result: result.provenance.training_seconds,
}
"""Columns with one entry per finished run, joined by semicolons in the order of the seeds."""


def render(table: Table) -> str:
    """Scores in percent, differences in points, times in seconds."""
    rows = [_fields(table, row, cell) for row in table.rows for cell in row.cells]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: neutral(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def neutral(value: Value) -> Value:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _fields(table: Table, row: Row, cell: Cell) -> dict[str, Value]:
    summary = cell.summary
    low, high = summary.interval if summary and summary.interval else (None, None)
    results = [run.stored.result for run in cell.finished if run.stored.result is not None]
    checksums = [f"{path}={sha}" for run in cell.finished for path, sha in run.checkpoint_checksums.items()]
    return {
        "study": table.study,
        "scale": table.scale,
        "paper": table.paper,
        "table": table.number,
        "variant": row.variant,
        "label": row.label,
        "task": cell.column.task,
        "metric": cell.column.metric,
        "state": cell.state,
        "measured": summary.mean if summary else None,
        "sd": summary.sd if summary else None,
        "interval_low": low,
        "interval_high": high,
        "seeds": ";".join(str(run.seed) for run in cell.finished),
        "seeds_finished": len(cell.finished),
        "seeds_wanted": cell.wanted,
        "reported": cell.reported.percent if cell.reported else None,
        "reported_record": cell.reported.record if cell.reported else None,
        "delta": cell.delta,
        "official": cell.official.percent if cell.official else None,
        "official_evaluation": cell.official.record.key if cell.official else None,
        "official_sha256": cell.official.record.weights.file_sha256 if cell.official else None,
        "best": cell.best,
        **{
            name: ";".join("" if (value := read(result)) is None else str(value) for result in results)
            for name, read in _OF_RUNS.items()
        },
        "checkpoint_sha256": ";".join(checksums),
    }
