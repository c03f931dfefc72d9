"""Whose a run is: several storages may share an MLflow, and the same trial may be in each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from orchestrator.redaction import redacted
from orchestrator.settings import Settings
from orchestrator.tracking.connection import Connection
from orchestrator.tracking.patience import Patience
from orchestrator.tracking.run_content import TRIAL_TAG

if TYPE_CHECKING:
    from mlflow.entities import Run

STORAGE_TAG = "combo.storage"


def owner(settings: Settings) -> str:
    """What the tag says of this storage's runs: its address, without credentials."""
    return redacted(str(settings.storage))


def is_ours(run: Run, settings: Settings) -> bool:
    """Whether a run is this storage's; also if nothing says whose it is, as of runs that were made by other means."""
    own = owner(settings)
    return settings.has_own_mlflow or run.data.tags.get(STORAGE_TAG, own) == own


def newest_runs(settings: Settings, keys: Iterable[str], patience: Patience) -> Iterator[tuple[str, Run | None]]:
    """Each trial key with this storage's newest run of it; None where MLflow knows none.

    Args:
        settings: tracking place and storage.
        keys: of the trials.
        patience: with MLflow.

    Raises:
        Exception: what MLflow raises when it cannot be read.
    """
    client = Connection(settings.tracking_uri, patience)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    for key in keys:
        runs = client.search_runs(experiments, f"tags.`{TRIAL_TAG}` = '{key}'", order_by=["start_time DESC"])
        yield key, next((run for run in runs if is_ours(run, settings)), None)
