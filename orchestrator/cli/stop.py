"""`combo stop`: ends running trials without losing anything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, StorageOption, TargetWords
from orchestrator.cli.chosen_targets import find_targets
from orchestrator.cli.plain_text import say
from orchestrator.cli.view import ViewScaleOption, choose_view
from orchestrator.trial.trial_state import TrialState

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.planning.plan import PlannedTrial

LOOK_SECONDS = 1.0
ANSWER_SECONDS = 60.0
"""Time that `--wait` waits for an answer of a run that may be starting, once no trial runs."""


def stop(
    words: TargetWords,
    scale: ViewScaleOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return only when they have ended.")] = False,
    storage: StorageOption = None,
    data: DataOption = None,
) -> None:
    """Ask running trials, wherever they run, to write a checkpoint and end; nothing new of these experiments starts.

    A run that is starting, or a job that waits to start, hears it too. `combo run` continues the trials.
    """
    from rich.console import Console

    from orchestrator.store.store import Store
    from orchestrator.sweep.stop_requests import is_answered, request_stop
    from orchestrator.trial.leases import LeaseWatch, ask_to_stop

    console = Console(highlight=False)
    view = choose_view(words, scale, storage, data)
    settings = view.settings
    view.say_remark(console)
    store = Store(settings.storage)
    targets = find_targets(words, view.scale, settings, store)
    sweep, watch = targets.sweep, LeaseWatch(settings.storage)
    looks = targets.looks(store, watch)
    plan, search = next(looks)
    if plan.count(TrialState.FINISHED) == len(plan.entries) and (search is None or search.complete):
        say(f"{sweep or 'these trials'}: all trials are finished, so there is nothing to stop", console)
        return
    # A run that has begun but starts its first trial only later hears the request too.
    request = request_stop(settings.storage, sweep) if sweep else None

    def running() -> list[PlannedTrial]:
        plan, _ = next(looks)
        return [entry for entry in plan.entries if entry.state == TrialState.RUNNING]

    asked = running()
    for entry in asked:
        ask_to_stop(settings.storage, entry.trial.key, entry.attempts)
        say(f"asked to stop: {entry.trial.label}, {entry.reason}", console)
    if not asked and request is None:
        say("none of these trials runs", console)
    elif not asked:
        say(f"{sweep}: none of its trials runs yet; a run of it that has begun, or was submitted, will stop", console)
    if wait:
        with console.status("waiting for their checkpoints"):
            answered = _await_end(running, lambda: request is None or is_answered(settings.storage, sweep, request))
        if not answered:
            say(f"no run of it has answered for {ANSWER_SECONDS:.0f} s; the request stands", console, "yellow")


def _await_end(running: Callable[[], list[PlannedTrial]], is_answered: Callable[[], bool]) -> bool:
    """Returns when no trial runs: True once none can start any more, False if that is not known after a while."""
    idle_since = time.monotonic()
    while running() or not is_answered():
        if running():
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since > ANSWER_SECONDS:
            return False
        time.sleep(LOOK_SECONDS)
    return True
