"""The trial scheduler as a search algorithm of Ray Tune, which asks it for the next trial."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ray.tune.search import Searcher

from orchestrator.sweep.carried_trial import CarriedTrial
from orchestrator.sweep.placement import Placement
from orchestrator.sweep.trial_scheduler import TrialScheduler


class TuneSearcher(Searcher):
    """Suggests trials, each as a configuration with the trial itself and the number of the attempt to acquire.

    Tune stores its search algorithms to restore them. This one has nothing to restore: storage tells what is done.

    Args:
        scheduler: what to run.
        workers: that each trial wants.
        placement: how many fit, and with how many workers.
    """

    def __init__(self, scheduler: TrialScheduler, workers: int, placement: Placement) -> None:
        super().__init__()
        self._scheduler, self._workers, self._placement = scheduler, workers, placement

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def suggest(self, trial_id: str) -> Any:  # noqa: ARG002
        """The next trial; None for now, or `FINISHED`."""
        trial = self._scheduler.next(self._workers, self._placement.trials_at_once(self._workers))
        if trial is not None:
            sized = replace(trial, workers=self._placement.workers_now(trial))
            return {"trial": CarriedTrial(sized), "attempt": self._scheduler.attempt(trial.key)}
        is_over = not self._scheduler.running() and self._workers not in self._scheduler.worker_counts()
        return Searcher.FINISHED if is_over else None

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Does nothing: `AttemptEndings` informs the trial scheduler, with the reason."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing to save."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing to restore."""
