"""What an MLflow holds, read with its own client."""

from __future__ import annotations

from collections import Counter

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

Point = tuple[str, int, int, str]
"""Metric, step, milliseconds, value as text."""


class View:
    """The runs of a paper."""

    def __init__(self, tracking_uri: str, paper: str = "combo") -> None:
        self.client = MlflowClient(tracking_uri=tracking_uri)
        experiment = self.client.get_experiment_by_name(paper)
        runs = list(self.client.search_runs([experiment.experiment_id])) if experiment else []
        self.sweeps = {run.data.tags["combo.sweep"]: run for run in runs if "combo.sweep" in run.data.tags}
        self.trials = {run.data.tags["combo.trial_key"]: run for run in runs if "combo.trial_key" in run.data.tags}
        assert len(self.sweeps) + len(self.trials) == len(runs), "something has two runs"

    def points(self, run: Run) -> Counter[Point]:
        """Every point of every metric, with how often it is there."""
        return Counter(
            (name, point.step, point.timestamp, repr(point.value))
            for name in run.data.metrics
            for point in self.client.get_metric_history(run.info.run_id, name)
        )

    def artifacts(self, run: Run) -> set[str]:
        """Paths of all files."""
        found = self.client.list_artifacts(run.info.run_id)
        inside = [file for one in found if one.is_dir for file in self.client.list_artifacts(run.info.run_id, one.path)]
        return {file.path for file in (*found, *inside) if not file.is_dir}
