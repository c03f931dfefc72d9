"""The agenda as a search algorithm of Ray Tune: Tune asks what to run next, the agenda answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ray.tune.search import Searcher

from orchestrator.sweep.agenda import Agenda
from orchestrator.sweep.placement import Placement


class Suggestions(Searcher):
    """Hands out trials, each as a configuration with the trial itself and the attempt to claim.

    Tune stores its search algorithms to restore them. This one has nothing to restore: storage tells what is done.

    Args:
        agenda: what to run.
        workers: that each trial wants.
        placement: how many fit, and with how many workers.
    """

    def __init__(self, agenda: Agenda, workers: int, placement: Placement) -> None:
        super().__init__()
        self._agenda, self._workers, self._placement = agenda, workers, placement

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def suggest(self, trial_id: str) -> Any:  # noqa: ARG002
        """The next trial, nothing for now, or the end."""
        trial = self._agenda.next(self._workers, self._placement.trials_at_once(self._workers))
        if trial is not None:
            placed = replace(trial, workers=self._placement.workers_now(trial))
            return {"trial": placed, "attempt": self._agenda.attempt(trial.key)}
        is_over = not self._agenda.running() and self._workers not in self._agenda.shapes()
        return Searcher.FINISHED if is_over else None

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Nothing: `Outcomes` tells the agenda, which needs to know why."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing to save."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing to restore."""
