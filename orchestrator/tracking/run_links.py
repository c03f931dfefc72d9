"""Where MLflow shows the runs of trials. Reads only: a report must not write to what it reports on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.planning.sweep_names import SWEEP_TAG
from orchestrator.redaction import redacted
from orchestrator.settings import Settings
from orchestrator.sqlite_url import sqlite_file
from orchestrator.store.storage_identity import storage_id
from orchestrator.tracking.own_runs import Owner, newest_runs
from orchestrator.tracking.retry_policy import RetryPolicy
from orchestrator.tracking.run_content import TRIAL_TAG
from orchestrator.tracking.run_database import read_runs
from orchestrator.tracking.shared_view import experiment_page, run_page

if TYPE_CHECKING:
    from reports.tables.cells import RunLink

EMBEDDED_PAGES = "http://127.0.0.1:5000"
"""Where `combo mlflow` serves the embedded MLflow unless it is told otherwise."""
NO_RETRIES = RetryPolicy(waits=())

RunIds = tuple[str, str]
"""Experiment and run, by their ids."""


def run_links(settings: Settings, keys: Iterable[str], pages: str | None = None) -> dict[str, RunLink]:
    """The newest run of each trial that MLflow knows.

    Args:
        settings: MLflow's address and storage; runs of other storages are not looked at.
        keys: of the trials.
        pages: address of MLflow's pages; by default the tracking server, or where `combo mlflow` serves.

    Raises:
        Exception: what MLflow raises when it cannot be read.
    """
    from reports.tables.cells import RunLink  # brings SciPy, which `combo status` does without

    if not has_begun(settings):
        return {}
    database = sqlite_file(settings.tracking_uri)
    found = _asked(settings, keys) if database is None else _read(settings, database, keys)
    return {key: RunLink(run, _page(settings, experiment, run, pages)) for key, (experiment, run) in found.items()}


def sweep_link(settings: Settings, sweep: str) -> str | None:
    """Address of the page of a sweep's run; None where MLflow knows none, or none that this storage owns.

    Args:
        settings: MLflow's address and storage.
        sweep: its name.

    Raises:
        Exception: what MLflow raises when it cannot be read.
    """
    if not has_begun(settings):
        return None
    database = sqlite_file(settings.tracking_uri)
    if database is not None:
        owner = Owner(settings, storage_id(settings.storage))
        ours = (run for run in read_runs(database) if run.tags.get(SWEEP_TAG) == sweep and owner.has(run.tags))
        return next((_page(settings, run.experiment_id, run.id) for run in ours), None)
    for _, run in newest_runs(settings, [sweep], NO_RETRIES, SWEEP_TAG):
        return None if run is None else _page(settings, str(run.info.experiment_id), str(run.info.run_id))
    return None


def experiment_links(settings: Settings, pages: str) -> dict[str, str]:
    """Where the embedded MLflow lists the runs of each experiment, by its name; none while it has no runs.

    Args:
        settings: storage, and the address of an MLflow in a file.
        pages: address of MLflow's pages.
    """
    database = sqlite_file(settings.tracking_uri)
    if database is None or not database.is_file():
        return {}
    with suppress(sqlite3.Error):
        found = {run.experiment: run.experiment_id for run in read_runs(database)}
        return {name: f"{pages}/{experiment_page(found[name])}" for name in sorted(found)}
    return {}


def _page(settings: Settings, experiment: str, run: str, pages: str | None = None) -> str:
    is_server = settings.tracking_uri.startswith("http")
    base = redacted(pages or (settings.tracking_uri if is_server else EMBEDDED_PAGES)).rstrip("/")
    return f"{base}/{run_page(experiment, run)}"


def _asked(settings: Settings, keys: Iterable[str]) -> dict[str, RunIds]:
    runs = newest_runs(settings, keys, NO_RETRIES)
    return {key: (str(run.info.experiment_id), str(run.info.run_id)) for key, run in runs if run is not None}


def _read(settings: Settings, database: Path, keys: Iterable[str]) -> dict[str, RunIds]:
    owner = Owner(settings, storage_id(settings.storage))
    newest: dict[str, RunIds] = {}
    for run in read_runs(database):
        if TRIAL_TAG in run.tags and owner.has(run.tags):
            newest.setdefault(run.tags[TRIAL_TAG], (run.experiment_id, run.id))
    return {key: newest[key] for key in keys if key in newest}


def has_begun(settings: Settings) -> bool:
    """Whether there can be any runs: an embedded MLflow has no database before the first sweep."""
    database = sqlite_file(settings.tracking_uri)
    return database is None or database.is_file()
