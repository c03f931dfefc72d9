"""Trials that wait until an autoscaler has started nodes for them: said to people, and ended when the sweep stops."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ray import tune
from rich.console import Console

from orchestrator.sweep.placement import Placement
from orchestrator.sweep.trial_scheduler import TrialScheduler
from orchestrator.trial.updates import Awaited, Ended, Failed, Finished, Started, Update

LOOK_SECONDS = 2.0
STOP_SECONDS = 10.0
"""Time for a trial that has room to begin and to see the stop request itself."""


class NodeWait(tune.Stopper):
    """A listener that knows which trials have begun, and a stopper for those that have no room.

    A trial that Ray Tune holds for want of room counts as running; it hears of no stop request, as it has no process.

    Args:
        placement: how many workers fit.
        scheduler: of the sweep; called once it runs.
        console: for people.
    """

    def __init__(self, placement: Placement, scheduler: Callable[[], TrialScheduler], console: Console) -> None:
        self._placement, self._scheduler, self._console = placement, scheduler, console
        self._begun: set[str] = set()
        self._looked = self._stopping_since = time.monotonic()
        self._told = ""

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune stores its stoppers; this one has nothing to restore.

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        match update:
            case Started():
                self._begun.add(update.key)
            case Finished() | Failed() | Ended() | Awaited():
                self._begun.discard(update.key)

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:  # noqa: ARG002
        """Whether a trial that has reported is to end: such a one ends by itself."""
        return False

    def stop_all(self) -> bool:
        """Whether only trials without room are left of a sweep that is to stop; Tune asks several times a second."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        running = self._scheduler().running()
        waiting = [trial for trial in running if trial.key not in self._begun]
        if self._scheduler().stop_reason is None:
            self._stopping_since = now
            self._tell(sum(trial.workers for trial in running) if waiting else 0)
            return False
        return len(waiting) == len(running) > 0 and now - self._stopping_since > STOP_SECONDS

    def _tell(self, wanted: int) -> None:
        """Says that so many workers of trials do not all have room, and again whenever the room has changed."""
        slots, most = self._placement.slots(), self._placement.most_slots()
        told = ""
        if slots < min(wanted, max(most, 1)):
            told = f"waiting for nodes: there is room for {slots} of the {wanted} workers that trials want"
            told += f", the autoscaler may make room for {most}" if self._placement.may_grow else ""
        if told and told != self._told:
            self._console.print(told, highlight=False)
        self._told = told
