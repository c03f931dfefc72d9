"""How far the trials of a running sweep are, from their updates: for the live view, the event log and the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.trial import Trial
from orchestrator.trial.trial_state import WITHOUT_RESULT, TrialState
from orchestrator.trial.updates import Ended, Failed, Finished, Measured, Started, Update

SMOOTHING = 0.1
"""Weight of the newest step in the running mean of step times."""
DONE = (TrialState.FINISHED, *WITHOUT_RESULT)
"""States in which no step of a trial is left to this run."""


@dataclass
class TrialProgress:
    """How far a trial is.

    Attributes:
        trial: which one.
        state: in this run.
        step: the newest that was measured.
        step_seconds: running mean of the time that a step takes; None before the first.
        best: best validation M_J of this run in [0, 1]; None before the first validation.
    """

    trial: Trial
    state: TrialState = TrialState.WAITING
    step: int = 0
    step_seconds: float | None = None
    best: float | None = None

    @property
    def total(self) -> int:
        """Steps that the trial trains in all."""
        return self.trial.config.training.iterations

    @property
    def left(self) -> int:
        """Steps that are left to this run."""
        return 0 if self.state in DONE else self.total - self.step


class SweepProgress:
    """How far the trials of a sweep are.

    Args:
        trials: those that run; further ones, as a search suggests them, join when they start.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = {trial.key: TrialProgress(trial) for trial in trials}

    def take(self, update: Update) -> TrialProgress | None:
        """Takes an update in; returns its trial, or None if a search suggested it and it ended before it began."""
        if isinstance(update, Started):
            self.trials.setdefault(update.key, TrialProgress(update.trial))
        progress = self.trials.get(update.key)
        if progress is None:
            return None
        match update:
            case Started():
                progress.state, progress.step = TrialState.RUNNING, update.step
            case Measured() if update.line.kind == "step":
                progress.step = update.line.step
                seconds, before = update.line.values["seconds"], progress.step_seconds
                progress.step_seconds = seconds if before is None else before + SMOOTHING * (seconds - before)
            case Measured() if update.line.kind == "evaluation":
                progress.best = max(update.line.values["m_j"], progress.best or 0.0)
            case Finished():
                progress.state, progress.step = TrialState.FINISHED, progress.total
            case Failed():
                progress.state = TrialState.WAITING if update.again else TrialState.FAILED
            case Ended():
                progress.state = TrialState(update.ending)
        return progress

    def count(self, state: TrialState) -> int:
        """Trials in a state."""
        return sum(progress.state == state for progress in self.trials.values())

    def seconds_left(self) -> float | None:
        """Estimate for the whole sweep, from the trials that run now; None before the first steps."""
        trials = self.trials.values()
        known = [progress.step_seconds for progress in trials if progress.step_seconds is not None]
        if not known:
            return None
        usual = sum(known) / len(known)
        each = [progress.left * (progress.step_seconds or usual) for progress in trials]
        return max(sum(each) / max(self.count(TrialState.RUNNING), 1), *each)
