"""Cost of trials, from results of the same workload if there are any, else as their preset states it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from experiments.durations import duration
from experiments.records import ResultRecord
from experiments.trial import Trial
from model.config import TrialConfig
from orchestrator.store.store import Store

SECONDS_PER_HOUR = 3600

Basis = Literal["measured", "stated"]


@dataclass(frozen=True)
class Span:
    """A quantity that is not known exactly."""

    low: float = 0.0
    likely: float = 0.0
    high: float = 0.0

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def scaled(self, factor: float) -> Span:
        """The span times a factor."""
        return Span(self.low * factor, self.likely * factor, self.high * factor)


def worker_time(hours: Span) -> str:
    """Worker-hours as people read them, such as `12 min (7 min to 24 min)`."""
    low, likely, high = (duration(SECONDS_PER_HOUR * part) for part in (hours.low, hours.likely, hours.high))
    return likely if low == high else f"{likely} ({low} to {high})"


@dataclass(frozen=True)
class Estimate:
    """Cost of a trial's remaining steps."""

    worker_hours: Span
    """Summed over its workers: GPU-hours where each has a GPU."""
    memory_gib: float | None
    """GPU memory of each worker; None where the preset states none."""
    basis: Basis


class Costs:
    """Estimates the cost of trials.

    Args:
        finished: configurations and results to learn from.
    """

    def __init__(self, finished: Iterable[tuple[TrialConfig, ResultRecord]]) -> None:
        measured: defaultdict[str, list[float]] = defaultdict(list)
        for config, result in finished:
            seconds = result.provenance.training_seconds * result.provenance.workers
            measured[_workload(config)].append(seconds / config.training.iterations)
        self._measured: Mapping[str, Sequence[float]] = measured

    def estimate(self, trial: Trial, steps_done: int) -> Estimate | None:
        """What the remaining steps take; None when nothing of the kind was measured or stated.

        Args:
            trial: what is to run.
            steps_done: saved by its newest checkpoint.
        """
        steps = trial.config.training.iterations - steps_done
        memory = trial.cost.memory_gib / trial.workers if trial.cost else None
        if seconds := self._measured.get(_workload(trial.config)):
            span = Span(min(seconds), median(seconds), max(seconds))
            return Estimate(span.scaled(steps / SECONDS_PER_HOUR), memory, "measured")
        if trial.cost is not None:
            span = Span(*trial.cost.seconds_per_step)
            return Estimate(span.scaled(steps / SECONDS_PER_HOUR), memory, "stated")
        return None


def costs_from(store: Store) -> Costs:
    """Costs as the finished trials of a storage show them."""
    return Costs((trial.config, result) for trial, result in store.finished())


def _workload(config: TrialConfig) -> str:
    """Trials with equal workloads take equally long per step."""
    data, training = config.data, config.training
    other = (data.task, data.size, data.augment, training.batch, training.precision, training.evaluate_every)
    return f"{config.model.model_dump_json()} {other}"
