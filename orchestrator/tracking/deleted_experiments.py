"""Experiments that were deleted in MLflow's pages: they and their runs are kept, hidden and closed, until restored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orchestrator.tracking.run_content import TRIAL_TAG

if TYPE_CHECKING:
    from mlflow.entities import Experiment


class DeletedExperimentError(Exception):
    """An experiment takes and shows no runs, because somebody has deleted it."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__(f"experiment '{experiment.name}' was deleted there")
        self.id = str(experiment.experiment_id)


def refuse_deleted(experiment: Experiment) -> None:
    """Raises where an experiment was deleted.

    Raises:
        DeletedExperimentError: it was.
    """
    if experiment.lifecycle_stage == "deleted":
        raise DeletedExperimentError(experiment)


def refuse_deleted_with(client: Any, keys: Iterable[str]) -> None:
    """Raises where runs of trials lie in an experiment that was deleted.

    Args:
        client: of MLflow.
        keys: of trials of which there is no run elsewhere.

    Raises:
        DeletedExperimentError: they do.
    """
    from mlflow.entities import ViewType

    deleted = list(client.search_experiments(view_type=ViewType.DELETED_ONLY))
    for experiment in deleted:
        for key in keys:
            tagged = f"tags.`{TRIAL_TAG}` = '{key}'"
            if client.search_runs([experiment.experiment_id], tagged, ViewType.ALL, max_results=1):
                raise DeletedExperimentError(experiment)
