"""What all trials of a run share where they run; no part of their identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.run_config import RunConfig
from orchestrator.storage.storage import Storage
from orchestrator.trial.weight_files import WeightFiles


@dataclass(frozen=True)
class RunContext:
    """A run's configuration, code and files. Paths must be valid on all nodes."""

    storage: Storage
    data: Path
    commit: str | None
    """Commit of the code that the driver runs."""
    config: RunConfig = field(default_factory=RunConfig)
    patch: str = ""
    """What that code has beyond its commit, see `orchestrator.commit.uncommitted`."""
    device: str = "cpu"
    weight_files: WeightFiles = field(default_factory=WeightFiles)
