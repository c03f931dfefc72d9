"""What a run of a sweep may take, and how it behaves; no part of any trial's identity."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from experiments.search_schema import Search
from orchestrator.sweep.budget import Budget
from orchestrator.trial.weight_files import WeightFiles


@dataclass(frozen=True)
class Resources:
    """What each worker gets, and how trials run."""

    cpus_per_worker: float = 1.0
    gpus_per_worker: float | None = None
    """None: one if the cluster has any."""
    least_workers: int | None = None
    """Of a trial whose own number does not fit; None if it must fit."""
    loader_workers: int = 0
    checkpoint_every: int = 1000
    keep_every: int | None = None
    micro_batch: int | None = None
    compile: bool = False
    channels_last: bool = False
    hang_seconds: float = 1800.0
    weight_files: WeightFiles = field(default_factory=WeightFiles)


@dataclass(frozen=True)
class Conduct:
    """How a run as a whole behaves."""

    retries: int = 3
    """Further attempts of a trial whose process dies or hangs."""
    most_at_once: int | None = None
    """Trials; None for as many as fit."""
    budget: Budget = field(default_factory=Budget)
    older_stops: frozenset[str] = frozenset()
    """Ids of requests to stop that were made before the run began, and mean an earlier one."""
    verbose: bool = False
    """Let Ray speak."""

    def within(self, search: Search) -> Conduct:
        """The same, and where it sets no limit the one that a search file states."""
        own, stated = self.budget, search.budget
        hours = stated.hours if own.hours is None else own.hours
        gpu_hours = stated.gpu_hours if own.gpu_hours is None else own.gpu_hours
        budget = replace(own, hours=hours, gpu_hours=gpu_hours)
        return replace(self, most_at_once=self.most_at_once or search.concurrent, budget=budget)
