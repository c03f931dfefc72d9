"""Where things are: storage, data, MLflow, Ray. Flags beat environment variables, those beat embedded defaults."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from experiments.errors import InputError, Problem

DEFAULT_STORAGE = "combo-storage"
DEFAULT_DATA = "data"


@dataclass(frozen=True)
class Settings:
    """Places that a command works with."""

    storage: Path
    data: Path
    tracking_uri: str
    """Of MLflow; a SQLite file in the storage folder by default."""
    ray_address: str | None
    """Of a running cluster; None starts Ray on this machine."""

    @property
    def artifacts(self) -> Path:
        """Where the embedded MLflow keeps artifacts."""
        return self.storage / "mlflow-artifacts"


def resolve_settings(storage: Path | None = None, data: Path | None = None) -> Settings:
    """Settings from flags, then `COMBO_STORAGE`, `COMBO_DATA`, `MLFLOW_TRACKING_URI`, `RAY_ADDRESS`, then defaults.

    Raises:
        InputError: the storage place is not a folder on this machine.
    """
    named = str(storage or os.environ.get("COMBO_STORAGE", DEFAULT_STORAGE))
    if re.match(r"[a-z][a-z0-9+.-]+:/", named):
        raise InputError(
            Problem(f"storage '{named}'", "is not a folder", "this version stores in local or shared folders")
        )
    place = Path(named).absolute()
    if place.exists() and not place.is_dir():
        raise InputError(Problem(f"storage '{named}'", "is a file", "name a folder with --storage"))
    return Settings(
        storage=place,
        data=Path(data or os.environ.get("COMBO_DATA", DEFAULT_DATA)).absolute(),
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{place / 'mlflow.db'}",
        ray_address=os.environ.get("RAY_ADDRESS") or None,
    )
