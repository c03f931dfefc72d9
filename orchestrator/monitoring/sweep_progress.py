"""How far the trials of a running sweep are, from their updates: for the live view, the event log and the metrics."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.trial import Trial
from orchestrator.trial.trial_state import WITHOUT_RESULT, TrialState
from orchestrator.trial.updates import Ended, Failed, Finished, Measured, Started, Update

SMOOTHING = 0.1
"""Weight of the newest step in the running mean of step times."""
GROUP_START_SECONDS = 40.0
"""What the start of a group of workers takes on two CPU cores; counted until one has started."""
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
        began: when its attempt began, in seconds of the clock, and after which step; None while it waits.
    """

    trial: Trial
    state: TrialState = TrialState.WAITING
    step: int = 0
    step_seconds: float | None = None
    best: float | None = None
    began: tuple[float, int] | None = None

    @property
    def total(self) -> int:
        """Steps that the trial trains in all."""
        return self.trial.config.training.iterations

    @property
    def left(self) -> int:
        """Steps that are left to this run."""
        return 0 if self.state in DONE else self.total - self.step

    def seconds_per_step(self, now: float) -> float | None:
        """What a step has taken so far, with the validations between steps; None before the first."""
        if self.step_seconds is None or self.began is None or self.step <= self.began[1]:
            return self.step_seconds
        return max(self.step_seconds, (now - self.began[0]) / (self.step - self.began[1]))


class SweepProgress:
    """How far the trials of a sweep are.

    Args:
        trials: those that run; further ones, as a search suggests them, join when they start.
        clock: tells seconds.
    """

    def __init__(self, trials: Sequence[Trial], clock: Callable[[], float] = time.monotonic) -> None:
        self.trials = {trial.key: TrialProgress(trial) for trial in trials}
        self._states = Counter(progress.state for progress in self.trials.values())
        self._clock = clock
        self._free_since = clock()
        self._group_start = GROUP_START_SECONDS
        self._workers, self._most_workers = 0, 1
        """Workers of the trials that run now, and the most there have been."""

    def take(self, update: Update) -> TrialProgress | None:
        """Takes an update in; returns its trial, or None if a search suggested it and it ended before it began."""
        if isinstance(update, Started) and update.key not in self.trials:
            self.trials[update.key] = TrialProgress(update.trial)
            self._states[TrialState.WAITING] += 1
        progress = self.trials.get(update.key)
        if progress is None:
            return None
        before = progress.state
        self._change(progress, update)
        if progress.state != before:
            self._states[before] -= 1
            self._states[progress.state] += 1
            self._note_room(progress, before)
        return progress

    def _note_room(self, progress: TrialProgress, before: TrialState) -> None:
        """Notes when room for another trial came free, and how much room the sweep has had."""
        if before == TrialState.RUNNING:
            self._free_since = self._clock()
            self._workers -= progress.trial.workers
        elif progress.state == TrialState.RUNNING:
            self._workers += progress.trial.workers
            self._most_workers = max(self._most_workers, self._workers)

    def count(self, state: TrialState) -> int:
        """Trials in a state."""
        return self._states[state]

    def _change(self, progress: TrialProgress, update: Update) -> None:
        match update:
            case Started():
                progress.state, progress.step = TrialState.RUNNING, update.step
                progress.began = self._clock(), update.step
                if progress.trial.workers > 1:
                    self._group_start = self._clock() - self._free_since
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

    def seconds_left(self) -> float | None:
        """Estimate for the whole sweep, from the trials that have run; None before the first steps."""
        trials, now = self.trials.values(), self._clock()
        per_step = {key: one.seconds_per_step(now) for key, one in self.trials.items() if one.state not in DONE}
        known = [seconds for seconds in per_step.values() if seconds is not None]
        known = known or [one.step_seconds for one in trials if one.step_seconds is not None]
        if not known:
            return None
        usual = sum(known) / len(known)
        each = [
            (one.trial.workers, one.left * (per_step.get(key) or usual) + self._start_left(one, now))
            for key, one in self.trials.items()
            if one.state not in DONE
        ]
        if not each:
            return 0.0
        room = max(self._most_workers, *(workers for workers, _ in each))
        return max(sum(workers * left for workers, left in each) / room, *(left for _, left in each))

    def _start_left(self, progress: TrialProgress, now: float) -> float:
        """What is left of a waiting trial's start, if it has several workers; others start at once."""
        if progress.state != TrialState.WAITING or progress.trial.workers == 1:
            return 0.0
        is_starting = self.count(TrialState.RUNNING) == 0
        return max(self._group_start - (now - self._free_since if is_starting else 0.0), 0.0)
