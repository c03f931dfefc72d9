"""How the trials of a sweep run where they run; no part of their identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.storage.storage import Storage
from orchestrator.trial.weight_files import WeightFiles


@dataclass(frozen=True)
class Machine:
    """Paths and operational settings that every trial of a sweep shares. Paths must be valid on all nodes."""

    storage: Storage
    data: Path
    commit: str | None
    """Of the code that the driver runs."""
    checkpoint_every: int
    """Steps."""
    patch: str = ""
    """What that code has beyond its commit, see `orchestrator.commit.uncommitted`."""
    keep_every: int | None = None
    """Training states at multiples of it are kept besides the newest and the best."""
    loader_workers: int = 0
    micro_batch: int | None = None
    """Clips of one forward pass; None for a worker's whole share of the batch."""
    compile: bool = False
    channels_last: bool = False
    device: str = "cpu"
    hang_seconds: float = 1800.0
    """Without a step or a validation after which a trial's process is ended."""
    weight_files: WeightFiles = field(default_factory=WeightFiles)


@dataclass(frozen=True)
class WorkerResources:
    """What one data-parallel worker takes."""

    cpus: float
    gpus: float

    @property
    def resources(self) -> dict[str, float]:
        """Resource request as Ray takes it, such as `{"CPU": 1.0, "GPU": 1.0}`."""
        return {"CPU": self.cpus, **({"GPU": self.gpus} if self.gpus else {})}
