"""How the trials of a sweep run where they run; no part of their identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.weight_files import WeightFiles


@dataclass(frozen=True)
class Machine:
    """Places and operational settings that every trial of a sweep shares. Paths must be valid on all nodes."""

    storage: Path
    data: Path
    commit: str | None
    """Of the code that the driver runs."""
    checkpoint_every: int
    """Steps."""
    loader_workers: int = 0
    device: str = "cpu"
    weight_files: WeightFiles = field(default_factory=WeightFiles)


@dataclass(frozen=True)
class WorkerShape:
    """What one data-parallel worker takes."""

    cpus: float
    gpus: float

    @property
    def resources(self) -> dict[str, float]:
        """In Ray's words."""
        return {"CPU": self.cpus, **({"GPU": self.gpus} if self.gpus else {})}
