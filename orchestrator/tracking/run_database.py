"""Runs in an MLflow that is a SQLite file, read from its tables: importing MLflow to read them takes seconds."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

BUSY_SECONDS = 10.0
"""For how long a database that is being written is waited for."""
RUNS = """
SELECT runs.run_uuid, runs.experiment_id, experiments.name, runs.status
FROM runs JOIN experiments ON experiments.experiment_id = runs.experiment_id
WHERE runs.lifecycle_stage = 'active' AND experiments.lifecycle_stage = 'active'
ORDER BY runs.start_time DESC
"""
OUR_TAGS = "SELECT run_uuid, key, value FROM tags WHERE key >= 'combo.' AND key < 'combo/'"
"""A range, as MLflow's index is by key; `/` follows the dot."""


@dataclass(frozen=True)
class DatabaseRun:
    """A run, and what it says of itself."""

    id: str
    experiment_id: str
    experiment: str
    """Its name."""
    status: str
    tags: Mapping[str, str]
    """Only ours."""


def read_runs(database: Path) -> list[DatabaseRun]:
    """All runs that nobody has deleted, the newest first. Reads only.

    Args:
        database: of an MLflow that has been used.

    Raises:
        sqlite3.Error: it cannot be read, or holds other tables than MLflow's.
    """
    with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as connection:
        tags: dict[str, dict[str, str]] = defaultdict(dict)
        for run, key, value in connection.execute(OUR_TAGS):
            tags[run][key] = value
        return [
            DatabaseRun(run, str(experiment_id), experiment, status, tags[run])
            for run, experiment_id, experiment, status in connection.execute(RUNS)
        ]
