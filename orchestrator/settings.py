"""Where things are: storage, data, MLflow, Ray. Options override environment variables, which override defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from model.data.derived import data_with_derived
from orchestrator.sqlite_url import sqlite_file, sqlite_url
from orchestrator.storage.opening import open_storage
from orchestrator.storage.storage import Storage

DEFAULT_STORAGE = "combo-storage"
DEFAULT_DATA = "data"
STARTED_HERE = "local"
"""Ray's word for no address."""


@dataclass(frozen=True)
class Settings:
    """The storage, data folder, MLflow and Ray that a command works with."""

    storage: Storage
    data: Path
    tracking_uri: str
    """Tracking URI of MLflow; by default a SQLite file in the storage folder, or in the local copy of a bucket."""
    ray_address: str | None
    """Address of a running cluster; None starts Ray on this machine."""
    mlflow_experiment: str | None = None
    """MLflow experiment for all runs; None for one per paper, named after it."""

    @property
    def has_own_mlflow(self) -> bool:
        """Whether MLflow is the embedded one, a file in the storage with the runs of this storage only."""
        return self.tracking_uri == _embedded(self.storage)

    @property
    def artifacts(self) -> Path:
        """Where an MLflow in a file keeps artifacts: beside it, so that both move together."""
        database = sqlite_file(self.tracking_uri) or _database(self.storage)
        return database.absolute().parent / "mlflow-artifacts"


def resolve_settings(storage: str | None = None, data: Path | None = None) -> Settings:
    """Settings from flags, then environment variables, then defaults.

    The variables are `COMBO_STORAGE`, `COMBO_DATA`, `MLFLOW_TRACKING_URI`, `MLFLOW_EXPERIMENT_NAME` and `RAY_ADDRESS`.
    Where `COMBO_DERIVED` names a folder that was laid over the data, that one is read.

    Raises:
        DataError: `COMBO_DERIVED` names a folder that belongs to other data.
        InputError: the storage is neither a folder nor a bucket.
        StorageError: the bucket cannot be used.
    """
    opened = open_storage(storage or os.environ.get("COMBO_STORAGE") or DEFAULT_STORAGE)
    address = os.environ.get("RAY_ADDRESS", "")
    folder, derived = Path(data or os.environ.get("COMBO_DATA") or DEFAULT_DATA), os.environ.get("COMBO_DERIVED")
    return Settings(
        storage=opened,
        data=(data_with_derived(folder, Path(derived)) if derived else folder).absolute(),
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or _embedded(opened),
        ray_address=address if address not in ("", STARTED_HERE) else None,
        mlflow_experiment=os.environ.get("MLFLOW_EXPERIMENT_NAME") or None,
    )


def _embedded(storage: Storage) -> str:
    return sqlite_url(_database(storage))


def _database(storage: Storage) -> Path:
    return storage.root / "mlflow.db"
