"""Where MLflow shows the runs of trials. Reads only: a report must not write to what it reports on."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.redaction import redacted
from orchestrator.settings import Settings
from orchestrator.sqlite_url import sqlite_file
from orchestrator.tracking.own_runs import newest_runs
from orchestrator.tracking.retry_policy import RetryPolicy
from orchestrator.tracking.run_cache import RunIds, known_runs
from reports.tables.cells import RunLink

EMBEDDED_PAGES = "http://127.0.0.1:5000"
"""Where `combo mlflow` serves the embedded MLflow unless it is told otherwise."""
NO_RETRIES = RetryPolicy(waits=())
KEPT = "reports"
"""Below the storage's cache."""


def run_links(settings: Settings, keys: Iterable[str], pages: str | None = None) -> dict[str, RunLink]:
    """The newest run of each trial that MLflow knows.

    Args:
        settings: MLflow's address and storage; runs of other storages are not looked at.
        keys: of the trials.
        pages: address of MLflow's pages; by default the tracking server, or where `combo mlflow` serves.

    Raises:
        Exception: what MLflow raises when it cannot be read.
    """
    if not has_begun(settings):
        return {}

    def look_up(missing: Iterable[str]) -> dict[str, RunIds]:
        runs = newest_runs(settings, missing, NO_RETRIES)
        return {key: (str(run.info.experiment_id), str(run.info.run_id)) for key, run in runs if run is not None}

    database = sqlite_file(settings.tracking_uri)
    found = look_up(keys) if database is None else known_runs(database, settings.storage.cache / KEPT, keys, look_up)
    is_server = settings.tracking_uri.startswith("http")
    base = redacted(pages or (settings.tracking_uri if is_server else EMBEDDED_PAGES)).rstrip("/")
    return {
        key: RunLink(run, f"{base}/#/experiments/{experiment}/runs/{run}") for key, (experiment, run) in found.items()
    }


def has_begun(settings: Settings) -> bool:
    """Whether there can be any runs: an embedded MLflow has no database before the first sweep."""
    database = sqlite_file(settings.tracking_uri)
    return database is None or database.is_file()
