"""Forecast of what a plan costs and fills: hours, cells, trials that tables share, an order that fills cells early."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from experiments.columns import columns_of, task_of
from experiments.scaled_experiment import ScaledExperiment
from experiments.schema import Experiment
from experiments.trial import Trial, with_parents
from model.config import Task
from orchestrator.planning.cost import Costs, Estimate, Span
from orchestrator.planning.plan import Plan, PlannedTrial
from orchestrator.store.store import Store
from orchestrator.trial.trial_state import TrialState


@dataclass(frozen=True)
class TrialForecast:
    """A trial of the plan, its cost, and how many cells need it."""

    entry: PlannedTrial
    estimate: Estimate | None
    """Cost of the remaining steps; None when finished, or when nothing is known."""
    cells: int
    """Cells that need it, in all tables of the plan; those of trials that start from it included."""

    @property
    def cells_per_hour(self) -> float:
        """Cells per likely hour of a worker; without an estimate, none."""
        hours = self.estimate.worker_hours.likely if self.estimate else 0.0
        return self.cells / hours if hours else 0.0


@dataclass(frozen=True)
class CostForecast:
    """A plan with its costs."""

    per_trial: tuple[TrialForecast, ...]
    """Every different trial, in the order in which it would run."""
    cells: int
    """Cells of all tables of the plan."""
    trials: int
    """Counted once for every table that needs them."""
    shared_hours: Span
    """Worker-hours that are saved because tables share trials, finished ones included."""

    @property
    def left(self) -> Span:
        """Worker-hours of everything that is not finished."""
        return _sum([one.estimate for one in self.per_trial])

    @property
    def memory_gib(self) -> float | None:
        """The most that a worker of any unfinished trial needs; None when nothing is stated."""
        needs = [one.estimate.memory_gib for one in self.per_trial if one.estimate]
        return max((need for need in needs if need is not None), default=None)

    @property
    def unknown(self) -> int:
        """Unfinished trials whose cost nobody has measured or stated."""
        return sum(one.entry.state != TrialState.FINISHED and one.estimate is None for one in self.per_trial)


def forecast_cost(
    experiments: Sequence[ScaledExperiment], trials: Sequence[Trial], plan: Plan, costs: Costs, store: Store
) -> CostForecast:
    """Forecasts the cost of a plan, and the cells that its trials fill.

    Args:
        experiments: those of the plan.
        trials: their trials, one for every use.
        plan: the different ones among them, as storage knows them.
        costs: what trials take.
        store: says how far unfinished trials have come.
    """
    by_name = {scaled.name: scaled.experiment for scaled in experiments}
    needed = list(with_parents(trials))
    fills = Counter[str]()
    for trial in trials:
        for part in with_parents([trial]):
            fills[part.key] += _cells(by_name[trial.experiment], trial.task, trial.start)
    full = {trial.key: costs.estimate(trial, steps_done=0) for trial in needed}
    per_trial = [
        TrialForecast(entry, _remaining(entry, costs, store), fills[entry.trial.key]) for entry in plan.entries
    ]
    return CostForecast(
        per_trial=tuple(per_trial),
        cells=sum(_cells_of(scaled) for scaled in experiments),
        trials=len(needed),
        shared_hours=_saved([trial.key for trial in needed], full),
    )


def most_cells_first(forecast: CostForecast) -> tuple[TrialForecast, ...]:
    """Unfinished trials by the cells that an hour of theirs fills, but never before the one that they start from."""
    waiting = [one for one in forecast.per_trial if one.entry.state != TrialState.FINISHED]
    ranked = sorted(waiting, key=lambda one: -one.cells_per_hour)
    by_key = {one.entry.trial.key: one for one in ranked}
    ordered = dict.fromkeys(part.key for one in ranked for part in with_parents([one.entry.trial]))
    return tuple(by_key[key] for key in ordered if key in by_key)


def _cells_of(scaled: ScaledExperiment) -> int:
    """Cells that the trials of an experiment fill."""
    experiment = scaled.experiment
    return sum(task_of(column, experiment) in scaled.tasks for column in columns_of(experiment)) * len(
        experiment.variants
    )


def _cells(experiment: Experiment, task: Task, start: Task | None) -> int:
    """Cells that one trial fills, or helps to fill."""
    return sum((task_of(column, experiment), column.start) == (task, start) for column in columns_of(experiment))


def _remaining(entry: PlannedTrial, costs: Costs, store: Store) -> Estimate | None:
    if entry.state == TrialState.FINISHED:
        return None
    return costs.estimate(entry.trial, store.trial(entry.trial.key).steps_done)


def _saved(keys: Sequence[str], full: Mapping[str, Estimate | None]) -> Span:
    """Worker-hours of all uses of a trial beyond the first."""
    again = Counter(keys) - Counter(dict.fromkeys(keys, 1))
    return _sum([full[key] for key in again.elements()])


def _sum(estimates: Sequence[Estimate | None]) -> Span:
    return reduce(add, (estimate.worker_hours for estimate in estimates if estimate), Span())
