from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow_view import View
from stored_trials import StoredTrials, table7

from experiments.trial import Trial
from orchestrator.settings import Settings, resolve_settings
from orchestrator.tracking.connection import quiet_mlflow
from orchestrator.tracking.experiment_runs import ExperimentRuns


@pytest.fixture(autouse=True)
def _no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "COMBO_STORAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded MLflow without runs: to make its tables takes seconds, to copy them nothing."""
    quiet_mlflow()
    folder = tmp_path_factory.mktemp("mlflow")
    ExperimentRuns(resolve_settings(str(folder)), "other")
    return folder / "mlflow.db"


@pytest.fixture
def stored(tmp_path: Path, empty_database: Path) -> StoredTrials:
    """A storage with an empty embedded MLflow."""
    (tmp_path / "storage").mkdir()
    shutil.copy(empty_database, tmp_path / "storage" / "mlflow.db")
    return StoredTrials(tmp_path / "storage")


@pytest.fixture
def settings(stored: StoredTrials) -> Settings:
    """The places of that storage."""
    return resolve_settings(str(stored.store.root))


@pytest.fixture
def trials() -> list[Trial]:
    """Three trials of Table 7."""
    return table7(3)


@pytest.fixture
def view(settings: Settings):
    """Looks at what MLflow holds now."""
    return lambda: View(settings.tracking_uri)
