"""Refuses trials that can never be placed, before anything waits for it."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.errors import InputError, Problem
from experiments.expand import Trial
from orchestrator.planning.this_machine import this_machine
from orchestrator.sweep.cluster import Cluster
from orchestrator.trial.machine import WorkerShape


def refuse_unplaceable(trials: Iterable[Trial], cluster: Cluster, shape: WorkerShape) -> None:
    """Refuses trials that a cluster has no room for.

    Raises:
        InputError: one sentence for the first of them.
    """
    places = cluster.places(shape.cpus, shape.gpus)
    size = f"{shape.cpus:g} CPUs" + (f" and {shape.gpus:g} GPUs" if shape.gpus else "")
    for trial in trials:
        if trial.workers > places:
            what = f"needs {trial.workers} workers of {size}, there is room for {places}"
            remedy = "lower --workers, --cpus-per-worker or --gpus-per-worker, or name a cluster with RAY_ADDRESS"
            raise InputError(Problem(trial.label, what, remedy))


def refuse_unplaceable_here(trials: Iterable[Trial], cpus: float, gpus: float | None) -> None:
    """Refuses trials that this machine has no room for, without starting Ray.

    Args:
        trials: to run.
        cpus: of each worker.
        gpus: of each worker; None for one where there are any.

    Raises:
        InputError: as above.
    """
    here = this_machine()
    refuse_unplaceable(trials, here, WorkerShape(cpus, float(here.has_gpus) if gpus is None else gpus))
