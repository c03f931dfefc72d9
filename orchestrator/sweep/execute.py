"""Runs a plan as one sweep: starts Ray, MLflow, the budget watch and the live view."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from experiments.errors import InputError
from orchestrator.commit import current_commit, uncommitted
from orchestrator.monitoring.event_log import EventLog, TrialEvents
from orchestrator.monitoring.notifier import FailureNotices, Notifier
from orchestrator.planning.compilation import refuse_recording
from orchestrator.planning.plan import Plan
from orchestrator.run_config import RunConfig
from orchestrator.settings import Settings
from orchestrator.store.store import Store
from orchestrator.sweep.budget import BudgetWatch, worker_hours
from orchestrator.sweep.cluster import NO_GROWTH, ClusterWatch, running_ray
from orchestrator.sweep.placement import Placement, worker_resources
from orchestrator.sweep.progress import SweepView
from orchestrator.sweep.reminder import telling
from orchestrator.sweep.signals import handling_signals
from orchestrator.sweep.stop_requests import handling_stop_requests
from orchestrator.sweep.trial_scheduler import StopReason, TrialScheduler
from orchestrator.tracking.nothing_to_tell import has_nothing_to_tell
from orchestrator.tracking.tracker import Tracker
from orchestrator.trial.leases import LeaseWatch
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.trial_state import TrialState
from orchestrator.trial.updates import Listener, StopRequest
from orchestrator.trial.weight_files import WeightFiles

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from orchestrator.search.study import SearchStudy


def execute(
    plan: Plan,
    paper: str,
    settings: Settings,
    config: RunConfig,
    console: Console,
    *,
    weight_files: WeightFiles,
    older_stops: frozenset[str],
    verbose: bool,
    search: SearchStudy | None = None,
    events: EventLog | None = None,
    registry: CollectorRegistry | None = None,
    notifier: Notifier | None = None,
) -> StopReason | None:
    """Runs what the plan says is to run; returns why it ended early, if it did.

    Args:
        plan: of the sweep.
        paper: names the MLflow experiment.
        settings: storage, data, MLflow and Ray.
        config: resources, limits and operation.
        console: for the live view.
        weight_files: that trials start from.
        older_stops: ids of stop requests that were made before the run began, and are for an earlier one.
        verbose: whether Ray's own messages are shown.
        search: suggests further trials; its limits hold where `config` sets none.
        events: gets what changes, in place of the live view.
        registry: gets the metrics of the sweep.
        notifier: tells somebody elsewhere of trials that fail for good.

    Raises:
        InputError: Ray cannot be reached, a trial cannot be placed, or CUDA graphs are wanted where there are none.
    """
    storage = settings.storage
    config = config if search is None else config.within(search.search.search)
    suggester = None
    if search is not None:
        with telling("reading what the search knows", console):
            from orchestrator.search.trial_suggester import SearchSuggester

            suggester = SearchSuggester(search, storage)
    with_groups = any(trial.workers > 1 for trial in plan.to_run)
    began = time.monotonic()
    with Tracker(settings, paper, plan.name, plan.to_run, plan.finished) as tracker:
        with ExitStack() as stack:
            with telling("starting Ray", console):
                stack.enter_context(running_ray(settings.ray_address, verbose, with_groups))
                from orchestrator.sweep.autoscaler import cluster_growth
                from orchestrator.sweep.driver_channel import ChannelReceiver, ChannelSender
                from orchestrator.sweep.node_wait import NodeWait
                from orchestrator.sweep.ray_watch import RayDiedError, RayWatch
                from orchestrator.sweep.sweep import Sweep
                from orchestrator.sweep.tune_scheduler import make_tune_scheduler

                growth = cluster_growth() if settings.ray_address else NO_GROWTH
            started = time.monotonic()
            cluster = ClusterWatch(growth)
            worker = worker_resources(config, cluster())
            placement = Placement(cluster, worker, config.min_workers, config.max_concurrent)
            placement.refuse_unplaceable(plan.to_run)
            refuse_recording(plan.to_run, config, worker.gpus)
            store = Store(storage)
            folders = [store.trial(entry.trial.key) for entry in plan.entries]
            before = worker_hours(attempt for folder in folders for attempt in folder.intact_attempts())
            budget = BudgetWatch(config, worker.gpus or 1.0, before, lambda: stop("budget", "stopped"))
            _print_spent(budget, console)
            listeners: list[Listener] = [tracker, budget]
            if events is not None:
                listeners.append(TrialEvents(events, plan.to_run))
            else:
                finished = plan.count(TrialState.FINISHED)
                listeners.append(stack.enter_context(SweepView(console, plan.name, plan.to_run, finished)))
            if registry is not None:
                from orchestrator.monitoring.sweep_metrics import SweepMetrics

                metrics = SweepMetrics(plan.name, plan.to_run, _not_run(plan), lambda: budget.gpu_hours)
                registry.register(metrics)
                listeners.append(metrics)
            if notifier is not None:
                listeners.append(FailureNotices(notifier, plan.to_run))
            node_wait = NodeWait(placement, lambda: scheduler, console)
            listeners.append(node_wait)
            receiver = stack.enter_context(ChannelReceiver(listeners))
            scheduler = TrialScheduler(
                plan.to_run,
                store,
                LeaseWatch(storage),
                config.retries,
                config.max_trials,
                suggester,
                ChannelSender(receiver.channel_actor).send,
            )

            def stop(reason: StopReason, stop_request: StopRequest) -> None:
                scheduler.stop(reason)
                receiver.stop_trials(stop_request)

            if budget.is_spent:
                scheduler.stop("budget")
            stack.enter_context(budget)
            on_request = partial(stop, "stopped", "stopped")
            stack.enter_context(handling_stop_requests(storage, plan.name, older_stops, on_request))
            stack.enter_context(handling_signals(lambda stop_request: stop("interrupted", stop_request)))
            context = RunContext(
                settings.storage,
                settings.data,
                current_commit(),
                config,
                uncommitted(),
                device="cuda" if worker.gpus else "cpu",
                weight_files=weight_files,
            )
            tune_scheduler = partial(make_tune_scheduler, search.search if search else None)
            try:
                with RayWatch() as watch:
                    actor = receiver.channel_actor
                    sweep = Sweep(plan.name, scheduler, context, placement, actor, watch, node_wait, tune_scheduler)
                    watch.run(sweep.run)
            except RayDiedError:
                scheduler.stop("ray-died")
        trained = time.monotonic()
    waited = f"{time.monotonic() - trained:.0f} s more"
    told = (
        f"MLflow was waited for {waited}, in vain"
        if tracker.trouble
        else f"it took {waited} until MLflow had all of them"
    )
    console.print(f"Ray started in {started - began:.0f} s and the trials took {trained - started:.0f} s; {told}")
    _print_spent(budget, console)
    _print_trouble(tracker, console)
    return scheduler.stop_reason


def catch_up(plan: Plan, paper: str, settings: Settings, console: Console) -> None:
    """Logs to MLflow what it lacks of trials that are all finished."""
    with suppress(sqlite3.Error, InputError):
        if has_nothing_to_tell(settings, paper, plan.name, plan.finished):
            return
    with Tracker(settings, paper, plan.name, [], plan.finished) as tracker:
        pass
    _print_trouble(tracker, console)


def _not_run(plan: Plan) -> Counter[TrialState]:
    """How many trials of a plan are not to run, by state."""
    to_run = {trial.key for trial in plan.to_run}
    return Counter(entry.state for entry in plan.entries if entry.trial.key not in to_run)


def _print_spent(budget: BudgetWatch, console: Console) -> None:
    if told := budget.told():
        console.print(told)


def _print_trouble(tracker: Tracker, console: Console) -> None:
    if tracker.trouble:
        message = f"MLflow is incomplete, `combo sync` completes it once this is mended: {tracker.trouble}"
        console.print(message, style="yellow", markup=False)
