"""A table as rows of data, one per cell and unrounded: what CSV and Parquet hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from experiments.records import ResultRecord
from reports.render import wording
from reports.render.plain_text import one_line
from reports.tables.cells import Cell, Row, Run, Table

Value: TypeAlias = str | int | float | bool | None
Fields: TypeAlias = dict[str, Value | list[Value]]

_OF_RESULTS: dict[str, Callable[[ResultRecord], Value]] = {
    "protocols": lambda result: result.protocol.label,
    "protocol_versions": lambda result: result.protocol.version,
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
"""Lists with one entry for each counted run, in the order of the seeds."""


def cell_rows(table: Table) -> list[Fields]:
    """Scores in percent, differences in points, parameters in millions; `unit` says which. Text is on one line."""
    return [
        {name: _shown(value) for name, value in _fields(table, row, cell).items()}
        for row in table.rows
        for cell in row.cells
    ]


def _fields(table: Table, row: Row, cell: Cell) -> Fields:
    return {
        "study": table.experiment,
        "scale": table.scale,
        "paper": table.paper,
        "table": table.number,
        "group": row.group,
        "row": row.name,
        "label": row.label,
        "side": row.side,
        "citation": row.cite.key if row.cite else None,
        "task": cell.column.task,
        "start": cell.column.start,
        "metric": cell.column.metric,
        "unit": wording.UNITS.get(cell.column.metric),
        "state": cell.state,
        "why": cell.why,
        **_measured(table, cell),
        **_reported(cell),
        **_compared(cell),
        "best": cell.best,
        "best_reported": cell.best_reported,
        "setting": cell.text if cell.state == "setting" else None,
        "setting_printed": cell.printed if cell.state == "setting" else None,
        **_runs(cell.counted),
    }


def _measured(table: Table, cell: Cell) -> Fields:
    summary = cell.summary
    low, high = summary.interval if summary and summary.interval else (None, None)
    return {
        "measured": summary.mean if summary else None,
        "sd": summary.sd if summary else None,
        "interval_low": low,
        "interval_high": high,
        "confidence": table.statistics.confidence if low is not None else None,
        "seeds": [run.seed for run in cell.counted],
        "seeds_finished": len(cell.counted),
        "seeds_wanted": cell.wanted,
    }


def _reported(cell: Cell) -> Fields:
    imported = cell.imported
    return {
        "reported": cell.reported.value if cell.reported else None,
        "reported_printed": cell.reported.printed if cell.reported else None,
        "reported_record": cell.reported.record if cell.reported else None,
        "reported_gain": cell.reported_gain.value if cell.reported_gain else None,
        "imported": imported.percent if imported else None,
        "imported_source": imported.record.weights.source if imported else None,
        "imported_evaluation": imported.record.key if imported else None,
        "imported_sha256": imported.record.weights.file_sha256 if imported else None,
    }


def _compared(cell: Cell) -> Fields:
    difference = cell.difference
    return {
        "delta": cell.delta,
        "gain": cell.gain,
        "baseline": difference.baseline if difference else None,
        "baseline_difference": difference.points if difference else None,
        "p_value": difference.p_value if difference else None,
        "significant": difference.significant if difference else None,
    }


def _runs(runs: tuple[Run, ...]) -> Fields:
    results = [run.stored.result for run in runs if run.stored.result is not None]
    return {
        "trial_keys": [run.key for run in runs],
        "mlflow_runs": [run.link.run_id if run.link else None for run in runs],
        "mlflow_urls": [run.link.url if run.link else None for run in runs],
        **{name: [read(result) for result in results] for name, read in _OF_RESULTS.items()},
        "checkpoint_sha256": [f"{path}={sha}" for run in runs for path, sha in run.checkpoint_checksums.items()],
    }


def _shown(value: Value | list[Value]) -> Value | list[Value]:
    if isinstance(value, list):
        return [one_line(item) if isinstance(item, str) else item for item in value]
    return one_line(value) if isinstance(value, str) else value
