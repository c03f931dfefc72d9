"""Finished trials as columns: their documents, and what is asked of thousands at once without parsing these."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from experiments import agreement, identity, records, stored_types
from model import config
from reports.stored import any_data, documents, stored_trial
from reports.stored.any_data import key_on_any_data
from reports.stored.column_cache import ColumnCache
from reports.stored.file_marks import Mark
from reports.stored.stored_trial import StoredTrial

FINISHED_FILE = "finished-trials.parquet"
COLUMNS = {
    "mark": pa.string(),
    "identity": pa.large_binary(),
    "outcome": pa.large_binary(),
    "on_any_data": pa.string(),
    "starts_from": pa.string(),
    "task": pa.string(),
    "device": pa.string(),
    "workers": pa.int32(),
    "training_seconds": pa.float64(),
    "finished": pa.string(),
}
"""The mark of both documents, empty if they are to be read again; the documents; the key on any data and the key of the
trial that it starts from; and of the result's provenance, what effort it was and when it ended."""


def finished_cache(folder: Path | None) -> ColumnCache:
    """The cache of finished trials in a folder; None keeps nothing."""
    path = None if folder is None else folder / FINISHED_FILE
    makers = [
        config,
        identity,
        records,
        stored_types,
        agreement,
        any_data,
        documents,
        stored_trial,
        sys.modules[__name__],
    ]
    return ColumnCache(path, COLUMNS, makers)


def finished_row(trial: StoredTrial, mark: Mark | None) -> dict[str, Any]:
    """A finished trial by column.

    Args:
        trial: with identity and outcome.
        mark: of its documents, from before they were read.
    """
    settings, result = trial.config, trial.result
    assert settings is not None
    assert result is not None
    return {
        "key": trial.key,
        "mark": mark.text if mark is not None and mark.is_settled else "",
        "identity": trial.identity,
        "outcome": trial.outcome,
        "on_any_data": key_on_any_data(settings),
        "starts_from": settings.initial_trial,
        "task": settings.data.task,
        "device": result.provenance.device,
        "workers": result.provenance.workers,
        "training_seconds": result.provenance.training_seconds,
        "finished": result.provenance.finished,
    }
