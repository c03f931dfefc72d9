"""Carries out a plan: Ray, MLflow, the budget and the live view around one sweep."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from orchestrator.commit import current_commit, uncommitted
from orchestrator.planning.plan import Plan
from orchestrator.settings import Settings
from orchestrator.store.store import Store
from orchestrator.sweep.budget import BudgetWatch, worker_hours
from orchestrator.sweep.cluster import current_cluster, running_ray
from orchestrator.sweep.conduct import Conduct, Resources
from orchestrator.sweep.placement import Placement
from orchestrator.sweep.progress import SweepView
from orchestrator.sweep.signals import handling_signals
from orchestrator.sweep.stop_requests import handling_stop_requests
from orchestrator.sweep.trial_scheduler import StopReason, TrialScheduler
from orchestrator.tracking import Tracker
from orchestrator.trial.leases import LeaseWatch
from orchestrator.trial.machine import Machine, WorkerResources
from orchestrator.trial.updates import StopRequest

if TYPE_CHECKING:
    from orchestrator.search.study import SearchStudy


def execute(
    plan: Plan,
    paper: str,
    settings: Settings,
    resources: Resources,
    conduct: Conduct,
    console: Console,
    search: SearchStudy | None = None,
) -> StopReason | None:
    """Runs what the plan says is to run; returns why it ended early, if it did.

    Args:
        plan: of the sweep.
        paper: names the MLflow experiment.
        settings: storage, data, MLflow and Ray.
        resources: per worker.
        conduct: limits of the run.
        console: for the live view.
        search: suggests further trials.

    Raises:
        InputError: Ray cannot be reached, or a trial cannot be placed.
    """
    storage = settings.storage
    limits = conduct if search is None else conduct.within(search.search.search)
    suggester = None
    if search is not None:
        from orchestrator.search.trial_suggester import SearchSuggester

        suggester = SearchSuggester(search, storage)
    with_groups = any(trial.workers > 1 for trial in plan.to_run)
    began = time.monotonic()
    with Tracker(settings, paper, plan.name, plan.to_run, plan.finished) as tracker:
        with ExitStack() as stack:
            with console.status("starting Ray"):
                stack.enter_context(running_ray(settings.ray_address, conduct.verbose, with_groups))
                from orchestrator.search.early_stopping import make_scheduler
                from orchestrator.sweep.driver_channel import ChannelReceiver, ChannelSender
                from orchestrator.sweep.ray_death import DeathWatch, RayDiedError
                from orchestrator.sweep.sweep import Sweep
            started = time.monotonic()
            worker = _worker(resources)
            placement = Placement(current_cluster, worker, resources.least_workers, limits.most_at_once)
            placement.refuse_unplaceable(plan.to_run)
            view = SweepView(console, plan.name, plan.to_run, plan.count("finished"))
            store = Store(storage)
            folders = [store.trial(entry.trial.key) for entry in plan.entries]
            before = worker_hours(attempt for folder in folders for attempt in folder.intact_attempts())
            budget = BudgetWatch(limits.budget, worker.gpus or 1.0, before, lambda: stop("budget", "stopped"))
            _send(budget, console)
            receiver = stack.enter_context(ChannelReceiver([view, tracker, budget]))
            scheduler = TrialScheduler(
                plan.to_run,
                store,
                LeaseWatch(storage),
                limits.retries,
                limits.budget.trials,
                suggester,
                ChannelSender(receiver.channel_actor).send,
            )

            def stop(reason: StopReason, stop_request: StopRequest) -> None:
                scheduler.stop(reason)
                receiver.stop_trials(stop_request)

            if budget.is_spent:
                scheduler.stop("budget")
            stack.enter_context(view)
            stack.enter_context(budget)
            on_request = partial(stop, "stopped", "stopped")
            stack.enter_context(handling_stop_requests(storage, plan.name, conduct.older_stops, on_request))
            stack.enter_context(handling_signals(lambda stop_request: stop("interrupted", stop_request)))
            machine = _machine(settings, resources, worker)
            early_stopping = None if search is None else partial(make_scheduler, search.search)
            try:
                with DeathWatch() as watch:
                    channel_actor = receiver.channel_actor
                    sweep = Sweep(plan.name, scheduler, machine, placement, channel_actor, watch, early_stopping)
                    watch.run(sweep.run)
            except RayDiedError:
                scheduler.stop("ray-died")
        trained = time.monotonic()
    console.print(
        f"Ray started in {started - began:.0f} s, trials took {trained - started:.0f} s, "
        f"MLflow was finished {time.monotonic() - trained:.0f} s later"
    )
    _send(budget, console)
    _admit(tracker, console)
    return scheduler.stop_reason


def catch_up(plan: Plan, paper: str, settings: Settings, console: Console) -> None:
    """Makes up for what MLflow lacks of trials that are all finished."""
    with Tracker(settings, paper, plan.name, [], plan.finished) as tracker:
        pass
    _admit(tracker, console)


def _worker(resources: Resources) -> WorkerResources:
    gpus = resources.gpus_per_worker
    return WorkerResources(resources.cpus_per_worker, float(current_cluster().has_gpus) if gpus is None else gpus)


def _machine(settings: Settings, resources: Resources, worker: WorkerResources) -> Machine:
    return Machine(
        storage=settings.storage,
        data=settings.data,
        commit=current_commit(),
        patch=uncommitted(),
        checkpoint_every=resources.checkpoint_every,
        keep_every=resources.keep_every,
        loader_workers=resources.loader_workers,
        micro_batch=resources.micro_batch,
        compile=resources.compile,
        channels_last=resources.channels_last,
        device="cuda" if worker.gpus else "cpu",
        hang_seconds=resources.hang_seconds,
        weight_files=resources.weight_files,
    )


def _send(budget: BudgetWatch, console: Console) -> None:
    if told := budget.told():
        console.print(told)


def _admit(tracker: Tracker, console: Console) -> None:
    if tracker.trouble:
        message = f"MLflow is incomplete, `combo sync` completes it once this is mended: {tracker.trouble}"
        console.print(message, style="yellow", markup=False)
