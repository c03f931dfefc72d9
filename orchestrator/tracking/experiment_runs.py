"""Runs of one MLflow experiment, found again by their tags. Raises what MLflow raises."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from orchestrator.settings import Settings
from orchestrator.sqlite_url import sqlite_file
from orchestrator.store.storage_identity import ensure_storage_id
from orchestrator.store.sweep_request import SweepRequest, read_requests
from orchestrator.tracking.artifact_locations import keep_artifacts_beside
from orchestrator.tracking.connection import Connection
from orchestrator.tracking.deleted_experiments import refuse_deleted
from orchestrator.tracking.own_runs import Owner
from orchestrator.tracking.retry_policy import RetryPolicy

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

PAGE = 1000
KIND_TAG, MODEL_TRAINING = "mlflow.experimentKind", "custom_model_development"
"""What MLflow shows an experiment as; without it, as one of generative models."""


class ExperimentRuns:
    """One experiment in the MLflow of the settings; made when it is not there.

    Runs of another storage are never found, so that nothing touches them. A storage without an id is given one.

    Raises:
        DeletedExperimentError: somebody has deleted it.

    Args:
        settings: MLflow's address, and where the embedded MLflow keeps artifacts.
        experiment: its name, one per paper, unless the settings give one for all.
        retry_policy: with MLflow.
    """

    def __init__(self, settings: Settings, experiment: str, retry_policy: RetryPolicy | None = None) -> None:
        self._storage = settings.storage
        self.owner = Owner(settings, ensure_storage_id(settings.storage))
        keep_artifacts_beside(settings)
        self.client: Any = Connection(settings.tracking_uri, retry_policy or RetryPolicy())
        self.id = self._find_experiment(settings.mlflow_experiment or experiment, settings)
        """Id of the experiment."""
        self._tags = dict(self.client.get_experiment(self.id).tags)
        if KIND_TAG not in self._tags:
            self.set_experiment_tag(KIND_TAG, MODEL_TRAINING)

    @cached_property
    def requests(self) -> Mapping[str, SweepRequest]:
        """What the sweeps of the storage were asked for, by name."""
        return {request.sweep: request for request in read_requests(self._storage)}

    def set_experiment_tag(self, name: str, value: str) -> None:
        """Tags the experiment, if it has not got that tag."""
        if self._tags.get(name) != value:
            self.client.set_experiment_tag(self.id, name, value)
            self._tags[name] = value

    def find(self, identity: dict[str, str], status: str | None = None) -> Run | None:
        """The run with these tags, and this status if one is given; the oldest, if there are several."""
        return next(iter(self.search(identity, status)), None)

    def search(self, identity: dict[str, str], status: str | None = None) -> list[Run]:
        """All runs with these tags, and this status if one is given; the oldest first."""
        return self._search(self.client, identity, status)

    def create(self, identity: dict[str, str], name: str, tags: dict[str, str], started: int | None = None) -> Run:
        """A new run, unless there is one with the identifying tags by now.

        Args:
            identity: tags that no other run has together.
            name: of the run.
            tags: further ones.
            started: in milliseconds since the epoch; None is now.
        """

        def find(client: MlflowClient) -> str | None:
            return next((str(run.info.run_id) for run in self._search(client, identity)), None)

        def make(client: MlflowClient) -> str:
            all_tags = {**self.owner.tags, **identity, **tags}
            return str(client.create_run(self.id, started, all_tags, name).info.run_id)

        return self.client.get_run(self.client.make(find, make))

    def adopt(self, run: Run) -> Run:
        """Tags a run that was found with the id and the present address of its storage; returns it."""
        from mlflow.entities import RunTag

        tags = [RunTag(name, value) for name, value in self.owner.tags.items() if run.data.tags.get(name) != value]
        if not tags:
            return run
        self.client.log_batch(run.info.run_id, tags=tags)
        adopted: Run = self.client.get_run(run.info.run_id)
        return adopted

    def _search(self, client: Any, identity: dict[str, str], status: str | None = None) -> list[Run]:
        wanted = [f"tags.`{tag}` = '{value}'" for tag, value in identity.items()]
        wanted += [f"attributes.status = '{status}'"] if status else []
        search = partial(
            client.search_runs, [self.id], " and ".join(wanted), max_results=PAGE, order_by=["start_time ASC"]
        )
        page = search()
        found = list(page)
        while page.token:
            page = search(page_token=page.token)
            found += page
        return [run for run in found if self.owner.has(run.data.tags)]

    def _find_experiment(self, name: str, settings: Settings) -> str:
        is_file = sqlite_file(settings.tracking_uri) is not None

        def find(client: MlflowClient) -> str | None:
            found = client.get_experiment_by_name(name)
            if found is None:
                return None
            refuse_deleted(found)
            return str(found.experiment_id)

        def make(client: MlflowClient) -> str:
            location = settings.artifacts.resolve().as_uri() if is_file else None
            return str(client.create_experiment(name, location))

        return str(self.client.make(find, make))
