"""What MLflow holds of a storage folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.entities import Run


class Runs:
    """The runs of the one experiment in the embedded database."""

    def __init__(self, storage: Path) -> None:
        from mlflow.tracking import MlflowClient  # which takes seconds

        self.client = MlflowClient(tracking_uri=f"sqlite:///{storage / 'mlflow.db'}")
        experiment = self.client.get_experiment_by_name("combo")
        assert experiment is not None
        runs = list(self.client.search_runs([experiment.experiment_id]))
        self.parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        self.nested = {run.data.tags["combo.trial_key"]: run for run in runs if "mlflow.parentRunId" in run.data.tags}
        assert len(self.parents) + len(self.nested) == len(runs), "a trial has two runs"

    def steps(self, run: Run, metric: str) -> list[int]:
        """Steps at which a metric was logged."""
        return [point.step for point in self.client.get_metric_history(run.info.run_id, metric)]

    def artifacts(self, run: Run, folder: str | None = None) -> set[str]:
        """Paths of files and folders."""
        return {file.path for file in self.client.list_artifacts(run.info.run_id, folder)}
