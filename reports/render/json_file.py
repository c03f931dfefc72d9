"""The whole table as one JSON object, unrounded, with everything that is known about each cell."""

from __future__ import annotations

import json
from typing import Any

from experiments.records import ProtocolRecord
from experiments.reported import Column, ReportedValue
from experiments.reproduction_record import ReproductionRecord
from reports.render import wording
from reports.render.plain_text import one_line
from reports.stored.imported import ImportedScore
from reports.tables.cells import Cell, Row, Run, Table

SCHEMA_VERSION = 1


def render(table: Table) -> str:
    """Keys stand in a fixed order. Scores are in percent, differences in points; columns name other units."""
    return json.dumps(as_document(table), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_document(table: Table) -> dict[str, Any]:
    """The object itself."""
    document: dict[str, Any] = _shown(_table(table))
    return document


def _table(table: Table) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "study": table.experiment,
        "scale": table.scale,
        "scale_note": table.scale_note,
        "paper": table.paper,
        "number": table.number,
        "title": table.title,
        "caption": table.caption,
        "row_header": table.row_header,
        "side_header": table.side_header,
        "variants_are": table.variants_are,
        "columns": [_column(column) for column in table.columns],
        "statistics": table.statistics.model_dump(mode="json"),
        "protocols": [_protocol(protocol) for protocol in table.protocols],
        "rows": [_row(row, table) for row in table.rows],
        "footnotes": list(table.footnotes),
        "commands": [remedy.command for remedy in table.remedies if remedy.command],
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "task": column.task,
        "start": column.start,
        "metric": column.metric,
        "unit": wording.UNITS.get(column.metric),
    }


def _protocol(protocol: ProtocolRecord) -> dict[str, Any]:
    return {"label": protocol.label, **protocol.model_dump(mode="json")}


def _row(row: Row, table: Table) -> dict[str, Any]:
    return {
        "name": row.name,
        "label": row.label,
        "side": row.side,
        "group": row.group,
        "published": row.is_published,
        "citation": row.cite.model_dump(mode="json") if row.cite is not None else None,
        "cells": [_cell(cell, table) for cell in row.cells],
    }


def _cell(cell: Cell, table: Table) -> dict[str, Any]:
    return {
        **_column(cell.column),
        "state": cell.state,
        "why": cell.why,
        "measured": _measured(cell, table),
        "seeds_wanted": cell.wanted,
        "complete": cell.complete,
        "best": cell.best,
        "reported": _reported(cell.reported),
        "best_reported": cell.best_reported,
        "delta": cell.delta,
        "gain": cell.gain,
        "reported_gain": _reported(cell.reported_gain),
        "imported": _imported(cell.imported),
        "difference": _difference(cell),
        "setting": {"ours": cell.text, "paper": cell.printed} if cell.state == "setting" else None,
        "runs": [_run(run, is_counted=run in cell.counted) for run in cell.runs],
    }


def _measured(cell: Cell, table: Table) -> dict[str, Any] | None:
    summary = cell.summary
    if summary is None:
        return None
    interval = None if summary.interval is None else list(summary.interval)
    confidence = None if interval is None else table.statistics.confidence
    return {"value": summary.mean, "sd": summary.sd, "n": summary.n, "interval": interval, "confidence": confidence}


def _reported(value: ReportedValue | None) -> dict[str, Any] | None:
    return None if value is None else value.model_dump(mode="json")


def _imported(score: ImportedScore | None) -> dict[str, Any] | None:
    if score is None:
        return None
    record = score.record
    return {
        "percent": score.percent,
        "evaluation": record.key,
        "file": record.weights.file,
        "file_sha256": record.weights.file_sha256,
        "source": record.weights.source,
        "protocol": _protocol(record.protocol),
        "data_fingerprint": record.data_fingerprint,
        "commit": record.commit,
        "device": record.device,
        "finished": record.finished,
    }


def _difference(cell: Cell) -> dict[str, Any] | None:
    difference = cell.difference
    if difference is None:
        return None
    return {
        "baseline": difference.baseline,
        "points": difference.points,
        "p_value": difference.p_value,
        "significant": difference.significant,
    }


def _run(run: Run, *, is_counted: bool) -> dict[str, Any]:
    mlflow = None if run.link is None else {"run_id": run.link.run_id, "url": run.link.url}
    known = {"trial_key": run.key, "seed": run.seed, "counted": is_counted, "mlflow": mlflow}
    result = run.stored.result
    if result is None:
        return known
    made, again = result.provenance, run.stored.rescored
    reproductions = [_reproduction(record) for record in run.stored.reproductions]
    return {
        **known,
        **({} if again is None else {"rescored": {"evaluation": again.key, "finished": again.finished}}),
        "protocol": _protocol(result.protocol),
        "best_step": result.best_step,
        "checkpoint": result.checkpoint,
        "checkpoint_sha256": run.checkpoint_checksums,
        "data_fingerprint": made.data_fingerprint,
        "code_version": made.code_version,
        "commit": made.commit,
        "device": made.device,
        "workers": made.workers,
        "attempts": made.attempts,
        "started": made.started,
        "finished": made.finished,
        "training_seconds": made.training_seconds,
        **({"reproductions": reproductions} if reproductions else {}),
    }


def _reproduction(record: ReproductionRecord) -> dict[str, Any]:
    return {
        "verdict": record.verdict,
        "steps": record.steps,
        "whole": record.is_whole,
        "compared": record.scope,
        "finding": record.finding,
        "conditions": record.conditions,
        "commit": record.commit,
        "device": record.device,
        "finished": record.finished,
    }


def _shown(value: Any) -> Any:
    """Text on one line, without what changes how its surroundings look."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {one_line(key): _shown(item) for key, item in value.items()}
    return value
