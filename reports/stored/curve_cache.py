"""Validation curves of finished trials, kept for the next report: the files behind one may hold 90,000 steps."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from experiments import records, stored_types, trial_files
from experiments.errors import Problem
from reports.stored import evaluations
from reports.stored.column_cache import ColumnCache, replace_rows
from reports.stored.evaluations import Curve, Evaluation, metrics_files, read_curve
from reports.stored.file_marks import Mark, mark_files

CURVES_FILE = "curves.parquet"
COLUMNS = {
    "mark": pa.string(),
    "step": pa.list_(pa.int64()),
    "m_j": pa.list_(pa.float64()),
    "m_f": pa.list_(pa.float64()),
    "seconds": pa.list_(pa.float64()),
    "where": pa.list_(pa.string()),
    "what": pa.list_(pa.string()),
}


class CurveCache:
    """Reads curves, and keeps those that will grow no more.

    Args:
        folder: of the cache; None reads every curve each time.
        finished: keys of the trials whose curves are worth keeping.
    """

    def __init__(self, folder: Path | None, finished: Collection[str]) -> None:
        path = None if folder is None else folder / CURVES_FILE
        self._cache = ColumnCache(
            path, COLUMNS, [records, stored_types, trial_files, evaluations, sys.modules[__name__]]
        )
        self._finished = frozenset(finished)
        self._table: pa.Table | None = None

    def curves(self, trials: Iterable[Path]) -> dict[str, Curve]:
        """The curves of trial directories by key; those that had to be read are kept."""
        marks = {trial: mark_files(trial, metrics_files(trial)) for trial in trials}
        curves = self._kept({trial.name: mark for trial, mark in marks.items()})
        fresh: dict[str, dict[str, Any]] = {}
        for trial, mark in marks.items():
            if trial.name not in curves:
                curves[trial.name] = curve = read_curve(trial)
                if trial.name in self._finished and mark is not None and mark.is_settled:
                    fresh[trial.name] = _row(trial.name, mark, curve)
        if fresh:
            self._keep(fresh)
        return curves

    def _kept(self, marks: dict[str, Mark | None]) -> dict[str, Curve]:
        if self._table is None:
            self._table = self._cache.read()
        keys, kept = (self._table.column(name).to_pylist() for name in ("key", "mark"))
        same = [
            (mark := marks.get(key)) is not None and mark.text == text for key, text in zip(keys, kept, strict=True)
        ]
        return {row["key"]: _curve(row) for row in self._table.filter(pa.array(same, pa.bool_())).to_pylist()}

    def _keep(self, fresh: dict[str, dict[str, Any]]) -> None:
        self._table = replace_rows(self._table, self._finished - fresh.keys(), list(fresh.values()))
        self._cache.write(self._table)


def _row(key: str, mark: Mark, curve: Curve) -> dict[str, Any]:
    columns = {name: [getattr(one, name) for one in curve.evaluations] for name in Evaluation._fields}
    problems = {"where": [one.where for one in curve.problems], "what": [one.what for one in curve.problems]}
    return {"key": key, "mark": mark.text, **columns, **problems}


def _curve(row: dict[str, Any]) -> Curve:
    values = zip(*(row[name] for name in Evaluation._fields), strict=True)
    problems = map(Problem, row["where"], row["what"])
    return Curve(tuple(map(Evaluation._make, values)), tuple(problems))
