"""An embedded MLflow without runs: to make its tables takes seconds, to copy them nothing."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its database; not to be changed."""
    from orchestrator.settings import resolve_settings
    from orchestrator.tracking.connection import quiet_mlflow
    from orchestrator.tracking.experiment_runs import ExperimentRuns

    quiet_mlflow()
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("MLFLOW_TRACKING_URI", raising=False)
        ExperimentRuns(resolve_settings(str(folder)), "other")
    return folder / "mlflow.db"
