"""`combo run` and `combo retry`: make what exists equal what is wanted."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Final

import typer

from orchestrator.cli.caller import caller
from orchestrator.cli.chosen_targets import print_search_state
from orchestrator.cli.dataclass_options import options_from_dataclasses
from orchestrator.cli.exit_codes import BUDGET_REACHED, INTERRUPTED, RAY_DIED, STOPPED, STORAGE_FULL, TRIALS_FAILED
from orchestrator.cli.mlflow_link import mlflow_line
from orchestrator.cli.outdated import told_outdated
from orchestrator.cli.plain_text import say
from orchestrator.cli.run_command import RunCommand
from orchestrator.trial.trial_state import TrialState

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from rich.console import Console

    from experiments.printed_commands import Caller
    from orchestrator.monitoring.event_log import EventLog
    from orchestrator.monitoring.notifier import Notifier
    from orchestrator.planning.plan import Plan
    from orchestrator.settings import Settings
    from orchestrator.store.store import Store
    from orchestrator.sweep.trial_scheduler import StopReason

EARLY_CODES: Final[dict[StopReason, int]] = {
    "interrupted": INTERRUPTED,
    "stopped": STOPPED,
    "budget": BUDGET_REACHED,
    "ray-died": RAY_DIED,
    "disk-full": STORAGE_FULL,
}
"""Exit code for each reason to end before all is done."""


@options_from_dataclasses
def run(context: typer.Context, command: RunCommand) -> None:
    """Train the trials that have no result yet, on Ray: on this machine, or on the cluster at RAY_ADDRESS.

    Running it again continues what was interrupted from its checkpoints, and does nothing when all is finished.
    Trials that failed by their own fault, such as a loss that is not finite, wait for `combo retry`.
    """
    with _serving_metrics(command.monitoring.metrics_port) as registry:
        _run(context, command, registry)


@options_from_dataclasses
def retry(
    context: typer.Context,
    command: RunCommand,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Forget the checkpoints of the failed trials first.")
    ] = False,
) -> None:
    """Give trials that failed by their own fault another attempt, from their checkpoints, and run what is unfinished.

    Their earlier attempts stay on record. All options of `combo run`, its limits included, hold here too.
    """
    with _serving_metrics(command.monitoring.metrics_port) as registry:
        _clear_failures(command, from_scratch)
        _run(context, command, registry)


def _clear_failures(command: RunCommand, with_checkpoints: bool) -> None:
    """Lets trials that failed by their own fault run again, if they can."""
    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store
    from orchestrator.sweep.refusals import refuse_impossible
    from orchestrator.targets import read_runnable_targets

    settings = resolve_settings(command.storage, command.data)
    store = Store(settings.storage)
    targets = read_runnable_targets(command.words, command.scale, settings, store, command.config.workers)
    plan = targets.plan(store)
    refuse_impossible(plan.failed, settings, command.config)
    console, _ = _outputs(command, plan.name)
    console.print(f"{plan.name}: {len(plan.failed)} failed trials get another attempt")
    for trial in plan.failed:
        store.trial(trial.key).clear_failure(with_checkpoints=with_checkpoints)


def _run(context: typer.Context, command: RunCommand, registry: CollectorRegistry | None) -> None:
    from orchestrator.commit import current_commit
    from orchestrator.jobs.own_job import end_as_stopped
    from orchestrator.monitoring.notifier import notifying
    from orchestrator.planning.outdated_scores import outdated
    from orchestrator.planning.reused_code import reused_code
    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store
    from orchestrator.store.sweep_request import note_request
    from orchestrator.sweep.endings import EARLY_ENDS
    from orchestrator.sweep.execute import catch_up, execute
    from orchestrator.sweep.refusals import refuse_impossible
    from orchestrator.sweep.stop_requests import older_requests
    from orchestrator.targets import read_runnable_targets, target_names

    settings, config = resolve_settings(command.storage, command.data), command.config
    older_stops = older_requests(settings.storage, os.environ)  # first, as all that follows may take a while
    store = Store(settings.storage)
    targets = read_runnable_targets(command.words, command.scale, settings, store, config.workers)
    console, events = _outputs(command, targets.sweep)
    if command.rerun:
        refuse_impossible([entry.trial for entry in targets.plan(store).entries], settings, config)
        _begin_anew(targets.plan(store), store, console)
        targets = targets.again(store)
    plan, search = targets.plan(store), targets.search
    commit, at_storage = current_commit(), caller(context, command.storage)
    for remark in (*targets.replaced, _untold_commit(commit), reused_code(plan, store, commit)):
        if remark:
            say(remark, console, "yellow")
    if not plan.to_run and (search is None or search.complete):
        _print_nothing_to_run(plan, console)
        again = caller(context, command.storage, command.data)
        for line in told_outdated(outdated(plan, store), [again.command("rescore", command.words, command.scale)]):
            say(line, console, "yellow")
        catch_up(plan, targets.paper, settings, console)
        _print_link(settings, plan.name, at_storage, console)
        raise typer.Exit(TRIALS_FAILED if plan.failed or plan.refused else 0)
    needed = [*plan.to_run, *(search.probes() if search else [])]
    files = refuse_impossible(needed, settings, config)
    with notifying(command.monitoring.notify, plan.name, lambda told: say(told, console, "yellow")) as notifier:
        names = target_names(command.words)
        note_request(settings.storage, targets.sweep, tuple(command.words), names, command.scale, settings.data)
        console.print(_beginning(plan))
        ended_early = execute(
            plan,
            targets.paper,
            settings,
            config,
            console,
            weight_files=files,
            older_stops=older_stops,
            verbose=command.verbose,
            search=search,
            events=events,
            registry=registry,
            notifier=notifier,
        )
        targets.refresh(store)
        after = targets.plan(store)
        if notifier is not None:
            _tell_the_end(notifier, after, ended_early)
    _print_unfinished(after, console)
    console.print(
        f"{after.count(TrialState.FINISHED)} of {len(after.entries)} trials finished, stored in {settings.storage}"
    )
    if search is not None:
        print_search_state(search, console)
    _print_link(settings, plan.name, at_storage, console)
    if ended_early is None and not after.failed and 0 < after.count(TrialState.STOPPED) == len(after.to_run):
        ended_early = "stopped"  # trial by trial
    if ended_early is not None and (after.to_run or (search is not None and not search.complete)):
        code = EARLY_CODES[ended_early]
        console.print(EARLY_ENDS[ended_early] + (", without --rerun" if command.rerun else ""), style="yellow")
        if code == STOPPED:
            end_as_stopped()
        raise typer.Exit(code)
    if after.to_run or after.failed or after.refused:
        raise typer.Exit(TRIALS_FAILED)


def _print_link(settings: Settings, sweep: str, at_storage: Caller, console: Console) -> None:
    if line := mlflow_line(settings, sweep, at_storage):
        say(line, console, "dim")


def _tell_the_end(notifier: Notifier, plan: Plan, ended_early: StopReason | None) -> None:
    from orchestrator.cli.sweep_table import sweep_summary
    from orchestrator.sweep.endings import EARLY_ENDS

    told = "" if ended_early is None else f"; {EARLY_ENDS[ended_early]}"
    notifier.send(
        "sweep-ended",
        sweep_summary(plan) + told,
        trials=len(plan.entries),
        finished=plan.count(TrialState.FINISHED),
        failed=plan.count(TrialState.FAILED),
        reason=ended_early,
    )


def _serving_metrics(port: int | None) -> AbstractContextManager[CollectorRegistry | None]:
    """Serves metrics while the context is open, if a port is given: first of all, as it may be taken.

    Raises:
        InputError: nothing can listen at the port.
    """
    if port is None:
        return nullcontext()
    from orchestrator.monitoring.metrics_server import serving_metrics

    return serving_metrics(port)


def _outputs(command: RunCommand, sweep: str) -> tuple[Console, EventLog | None]:
    """Where a run prints its sentences, and the log for its events if they are to be JSON."""
    from rich.console import Console

    from orchestrator.monitoring.event_log import EventLog

    if command.monitoring.log_format == "text":
        return Console(highlight=False), None
    log = EventLog(sys.stdout, sweep)
    return log.console(), log


def _begin_anew(plan: Plan, store: Store, console: Console) -> None:
    """Sets aside what the trials of a plan have so far.

    Raises:
        InputError: one of them runs now; nothing was changed.
    """
    from experiments.errors import InputError, Problem
    from orchestrator.store.earlier_attempts import set_aside

    running = [entry for entry in plan.entries if entry.state == TrialState.RUNNING]
    if running:
        remedy = "stop it with `combo stop`, or leave out --rerun"
        raise InputError(*(Problem(f"trial {entry.trial.key}", "runs now", remedy) for entry in running))
    for trial in plan.begun:
        set_aside(store.trial(trial.key))
    say(
        f"{plan.name}: {len(plan.begun)} trials start over; what they had is kept below earlier/ in their folders",
        console,
    )


def _untold_commit(commit: str | None) -> str:
    """A warning if git cannot tell the commit, usually as the folder belongs to another user; else empty."""
    if commit is None or not commit.startswith("unknown"):
        return ""
    return f"results will not say which commit made them: {commit}"


def _beginning(plan: Plan) -> str:
    """A sentence about what the run will do."""
    begun = {entry.trial.key for entry in plan.entries if entry.state != TrialState.NEW}
    new = sum(trial.key not in begun for trial in plan.to_run)
    told = f"{plan.name}: {len(plan.entries)} trials, {plan.count(TrialState.FINISHED)} finished, "
    told += f"{len(plan.to_run) - new} to continue, {new} to start"
    return told + (f", {len(plan.failed)} failed (`combo retry` runs those again)" if plan.failed else "")


def _print_nothing_to_run(plan: Plan, console: Console) -> None:
    if plan.count(TrialState.FINISHED) == len(plan.entries):
        console.print(f"{plan.name}: all {len(plan.entries)} trials are finished already, nothing to run")
        return
    _print_unfinished(plan, console)
    remedy = "; `combo retry` gives failed trials another attempt" if plan.failed else ""
    console.print(f"{plan.name}: nothing to run{remedy}")


def _print_unfinished(plan: Plan, console: Console) -> None:
    """Prints why trials have no result."""
    from orchestrator.sweep.endings import unfinished

    for told, style in unfinished(plan):
        console.print(told, style=style, markup=False)
