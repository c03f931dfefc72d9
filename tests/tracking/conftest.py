from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow_view import View
from stored_trials import StoredTrials, table7

from experiments.trial import Trial
from orchestrator.settings import Settings, resolve_settings


@pytest.fixture(autouse=True)
def _no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "COMBO_STORAGE"):
        monkeypatch.delenv(name, raising=False)


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
