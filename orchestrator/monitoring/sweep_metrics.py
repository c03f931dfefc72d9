"""Metrics of a running sweep, as Prometheus scrapes them. `docs/guides/observability.md` lists them."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from math import inf
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from experiments.records import FailureCategory
from experiments.trial import Trial
from orchestrator.monitoring.sweep_progress import SweepProgress, TrialProgress
from orchestrator.trial.trial_state import TrialState
from orchestrator.trial.updates import Awaited, Ended, Failed, Finished, Measured, Started, Update

WAIT_BOUNDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 12 * 3600.0, inf)
"""Upper bounds of the queue waits that are counted together, in seconds."""
OF_TRIAL = ("sweep", "trial", "variant", "task", "seed")
"""Labels of the metrics of one trial. Only trials that run have them, so a sweep of thousands stays small."""


class SweepMetrics(Collector):
    """A listener that counts, and a collector that Prometheus' client asks whenever it is scraped.

    A trial queues from when it could start until it does: not while another run has it, nor before its parent is
    finished. Nothing is read from storage.

    Args:
        sweep: its name.
        trials: those that run; they queue from now on.
        others: how many trials of the sweep do not run, by state.
        gpu_hours: tells the GPU-hours spent so far.
    """

    def __init__(
        self, sweep: str, trials: Sequence[Trial], others: Mapping[TrialState, int], gpu_hours: Callable[[], float]
    ) -> None:
        self._sweep, self._others, self._gpu_hours = sweep, others, gpu_hours
        self._progress = SweepProgress(trials)
        self._failures: Counter[FailureCategory] = Counter()
        self._steps = 0
        self._last_progress: dict[str, float] = {}
        self._dependents: dict[str, list[str]] = {}
        for trial in trials:
            if trial.parent is not None and trial.parent.key in self._progress.trials:
                self._dependents.setdefault(trial.parent.key, []).append(trial.key)
        dependent = set(chain.from_iterable(self._dependents.values()))
        self._queued_since = {trial.key: time.monotonic() for trial in trials if trial.key not in dependent}
        self._waits = [0] * len(WAIT_BOUNDS)
        self._waited = 0.0
        self._lock = threading.Lock()

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        with self._lock:
            if self._progress.take(update) is None:
                return
            match update:
                case Started():
                    self._last_progress[update.key] = time.time()
                    self._leave_queue(update.key)
                case Measured() if update.line.kind in ("step", "evaluation"):
                    self._steps += update.line.kind == "step"
                    self._last_progress[update.key] = time.time()
                case Failed():
                    self._failures[update.failure.category] += 1
                    self._queued_since.pop(update.key, None)
                    if update.again:
                        self._queued_since[update.key] = time.monotonic()
                case Finished() | Ended() | Awaited():
                    self._queued_since.pop(update.key, None)
                    if isinstance(update, Finished):
                        now = time.monotonic()
                        self._queued_since.update(dict.fromkeys(self._dependents.get(update.key, ()), now))

    def collect(self) -> Iterator[Metric]:
        """The metrics as of now."""
        with self._lock:
            yield from [*self._of_sweep(), *self._of_queue(), *self._of_trials()]

    def _of_sweep(self) -> Iterator[Metric]:
        trials = GaugeMetricFamily("combo_trials", "Trials of the sweep, by state.", labels=("sweep", "state"))
        for state in TrialState:
            count = self._progress.count(state) + self._others.get(state, 0)
            trials.add_metric((self._sweep, state.value), count)
        yield trials
        failures = CounterMetricFamily(
            "combo_trial_failures", "Failed attempts of this run, by class of failure.", labels=("sweep", "category")
        )
        for category in get_args(FailureCategory):  # zeros too: Prometheus sees no increase to a series' first value
            failures.add_metric((self._sweep, category), self._failures[category])
        yield failures
        hours = CounterMetricFamily(
            "combo_gpu_hours",
            "GPU-hours of all attempts, earlier ones too; worker-hours without GPUs.",
            labels=("sweep",),
        )
        hours.add_metric((self._sweep,), self._gpu_hours())
        yield hours
        steps = CounterMetricFamily("combo_steps", "Optimiser steps of this run, all trials.", labels=("sweep",))
        steps.add_metric((self._sweep,), self._steps)
        yield steps

    def _of_queue(self) -> Iterator[Metric]:
        waits = HistogramMetricFamily(
            "combo_queue_wait_seconds", "How long attempts that have started had queued.", labels=("sweep",)
        )
        bounds = ["+Inf" if bound == inf else str(bound) for bound in WAIT_BOUNDS]
        counts = list(zip(bounds, map(float, accumulate(self._waits)), strict=True))
        waits.add_metric((self._sweep,), counts, self._waited)
        yield waits
        longest = GaugeMetricFamily(
            "combo_queue_longest_wait_seconds",
            "How long the trial has queued that has queued longest; 0 if none does.",
            labels=("sweep",),
        )
        now = time.monotonic()
        longest.add_metric((self._sweep,), max((now - since for since in self._queued_since.values()), default=0.0))
        yield longest

    def _of_trials(self) -> Iterator[Metric]:
        running = [one for one in self._progress.trials.values() if one.state == TrialState.RUNNING]
        yield self._of_each(
            "combo_trial_progress_ratio",
            "Steps done of a running trial's steps, from 0 to 1.",
            ((one, one.step / one.total) for one in running),
        )
        yield self._of_each(
            "combo_trial_steps_per_second",
            "Optimiser steps per second of a running trial, a running mean.",
            ((one, 1 / one.step_seconds) for one in running if one.step_seconds),
        )
        yield self._of_each(
            "combo_trial_best_m_j",
            "Best validation M_J of a running trial in this run, from 0 to 1.",
            ((one, one.best) for one in running if one.best is not None),
        )
        yield self._of_each(
            "combo_trial_last_progress_timestamp_seconds",
            "When the driver last received a step, a validation or the start of a running trial.",
            ((one, self._last_progress[one.trial.key]) for one in running),
        )

    def _of_each(self, name: str, said: str, values: Iterable[tuple[TrialProgress, float]]) -> Metric:
        family = GaugeMetricFamily(name, said, labels=OF_TRIAL)
        for progress, value in values:
            trial = progress.trial
            family.add_metric((self._sweep, trial.key, trial.variant, trial.task, str(trial.seed)), value)
        return family

    def _leave_queue(self, key: str) -> None:
        since = self._queued_since.pop(key, None)
        if since is not None:  # a trial that a search suggests starts when there is room for it
            wait = time.monotonic() - since
            self._waits[bisect_left(WAIT_BOUNDS, wait)] += 1
            self._waited += wait
