"""Whether MLflow knows all of a sweep that is over, told from its database: to import MLflow takes seconds."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.trial import Trial
from orchestrator.planning.sweep_names import SWEEP_TAG
from orchestrator.settings import Settings
from orchestrator.sqlite_url import sqlite_file
from orchestrator.store.membership import MEMBERSHIPS
from orchestrator.store.storage_identity import storage_id
from orchestrator.tracking.own_runs import Owner
from orchestrator.tracking.run_content import FINISHED, RUNNING, TRIAL_TAG
from orchestrator.tracking.run_database import DatabaseRun, read_runs
from orchestrator.tracking.run_mirror import DIGEST_TAG


def has_nothing_to_tell(settings: Settings, paper: str, sweep: str, finished: Sequence[Trial]) -> bool:
    """Whether every finished trial and the sweep itself are in MLflow to their ends, and no run waits to be ended.

    False where that cannot be told without MLflow: on a server, or as long as there is no database.

    Args:
        settings: MLflow's address and storage.
        paper: names the MLflow experiment.
        sweep: its name.
        finished: all trials of the sweep.

    Raises:
        sqlite3.Error: the database cannot be read.
        InputError: the record of the storage's id is damaged.
    """
    database = sqlite_file(settings.tracking_uri)
    if database is None or not database.is_file():
        return False
    owner = Owner(settings, storage_id(settings.storage))
    name = settings.mlflow_experiment or paper
    ours = [run for run in read_runs(database) if run.experiment == name and owner.has(run.tags)]
    joined = {f"{MEMBERSHIPS}/{sweep}/{trial.key}.json" for trial in finished}
    return (
        not any(run.status == RUNNING for run in ours)
        and any(_is_of(run, SWEEP_TAG, sweep) and owner.tags.items() <= run.tags.items() for run in ours)
        and all(any(_is_of(run, TRIAL_TAG, trial.key) and DIGEST_TAG in run.tags for run in ours) for trial in finished)
        and joined.issubset(settings.storage.names(f"{MEMBERSHIPS}/{sweep}"))
    )


def _is_of(run: DatabaseRun, tag: str, value: str) -> bool:
    return run.status == FINISHED and run.tags.get(tag) == value
