"""Carries out a plan: Ray, MLflow and the live view around one sweep."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console

from orchestrator.cluster import running_ray
from orchestrator.commit import current_commit
from orchestrator.machine import Machine, WorkerShape
from orchestrator.plan import Plan
from orchestrator.progress import SweepView
from orchestrator.settings import Settings
from orchestrator.store import Store
from orchestrator.tracking import Tracker
from orchestrator.weight_files import WeightFiles


@dataclass(frozen=True)
class Resources:
    """What each worker gets and how often it checkpoints."""

    cpus_per_worker: float
    gpus_per_worker: float | None
    """None: one if the cluster has any."""
    loader_workers: int
    checkpoint_every: int
    weight_files: WeightFiles


def execute(plan: Plan, paper: str, settings: Settings, resources: Resources, console: Console, verbose: bool) -> bool:
    """Runs what the plan says is to run; returns False when interrupted.

    Args:
        plan: of the sweep.
        paper: names the MLflow experiment.
        settings: places.
        resources: per worker.
        console: for the live view.
        verbose: let Ray speak.

    Raises:
        InputError: Ray cannot be reached, or a trial cannot be placed.
    """
    trials = plan.to_run
    store = Store(settings.storage)
    began = time.monotonic()
    with Tracker(settings, paper, plan.name, trials, plan.finished) as tracker:
        with ExitStack() as stack:
            with console.status("starting Ray"):
                cluster = stack.enter_context(running_ray(settings.ray_address, verbose))
                from orchestrator.sweep import run_sweep
            started = time.monotonic()
            gpus = resources.gpus_per_worker
            shape = WorkerShape(resources.cpus_per_worker, float(cluster.has_gpus) if gpus is None else gpus)
            machine = Machine(
                storage=settings.storage,
                data=settings.data,
                commit=current_commit(),
                checkpoint_every=resources.checkpoint_every,
                loader_workers=resources.loader_workers,
                device="cuda" if shape.gpus else "cpu",
                weight_files=resources.weight_files,
            )
            view = stack.enter_context(SweepView(console, plan.name, trials, plan.count("finished")))
            folder = store.sweep(plan.name)
            completed = run_sweep(plan.name, trials, machine, folder, cluster, shape, [view, tracker])
        trained = time.monotonic()
    console.print(
        f"Ray started in {started - began:.0f} s, trials took {trained - started:.0f} s, "
        f"MLflow was finished {time.monotonic() - trained:.0f} s later"
    )
    _admit(tracker, console)
    return completed


def catch_up(plan: Plan, paper: str, settings: Settings, console: Console) -> None:
    """Makes up for what MLflow lacks of trials that are all finished."""
    with Tracker(settings, paper, plan.name, [], plan.finished) as tracker:
        pass
    _admit(tracker, console)


def _admit(tracker: Tracker, console: Console) -> None:
    if tracker.trouble:
        message = f"MLflow is incomplete, the same command completes it: {tracker.trouble}"
        console.print(message, style="yellow", markup=False)
