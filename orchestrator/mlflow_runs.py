"""Runs of one MLflow experiment, found again by their tags. Raises what MLflow raises."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING

from orchestrator.settings import Settings

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # by default a dead server blocks each call for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}


def what_went_wrong(error: Exception) -> str:
    """The first line of an error of MLflow, without the user and password of an address."""
    return re.sub(r"//[^/@\s]+@", "//", f"{type(error).__name__}: {error}".splitlines()[0])


def quiet_mlflow() -> None:
    """Settings that must be in place before MLflow is imported."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.ERROR)


class ExperimentRuns:
    """One experiment on the tracking place of the settings; made when it is not there.

    Args:
        settings: tracking place, and where the embedded MLflow keeps artifacts.
        experiment: its name, one per paper.
    """

    client: MlflowClient

    def __init__(self, settings: Settings, experiment: str) -> None:
        quiet_mlflow()
        from mlflow.tracking import MlflowClient

        settings.storage.mkdir(parents=True, exist_ok=True)
        self.client = MlflowClient(tracking_uri=settings.tracking_uri)
        self._experiment_id = self._find_experiment(experiment, settings)

    def find(self, identity: dict[str, str], status: str | None = None) -> str | None:
        """Id of the run with these tags, and this status if one is given."""
        wanted = [f"tags.`{tag}` = '{value}'" for tag, value in identity.items()]
        wanted += [f"attributes.status = '{status}'"] if status else []
        found = self.client.search_runs([self._experiment_id], filter_string=" and ".join(wanted), max_results=1)
        return str(found[0].info.run_id) if found else None

    def find_or_create(self, identity: dict[str, str], name: str, tags: dict[str, str]) -> str:
        """Id of the run with the identifying tags; a new run gets the other tags too."""
        found = self.find(identity)
        if found:
            return found
        created = self.client.create_run(self._experiment_id, tags={**identity, **tags}, run_name=name)
        return str(created.info.run_id)

    def _find_experiment(self, name: str, settings: Settings) -> str:
        found = self.client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        embedded = settings.tracking_uri.startswith("sqlite:")
        return str(self.client.create_experiment(name, settings.artifacts.as_uri() if embedded else None))
