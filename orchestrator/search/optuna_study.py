"""A search as Optuna sees it: distributions, samplers, and studies made of points."""

from __future__ import annotations

from collections.abc import Iterable
from math import isqrt

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from experiments.schema import SCORES
from experiments.search_schema import Axis, Objective
from experiments.searches import ScaledSearch
from orchestrator.search.points import State, TriedPoint

STATES: dict[State, TrialState] = {
    "running": TrialState.RUNNING,
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
MOST_RANDOM = 10
"""Points that are drawn at random before a model is asked, at most."""
SMALLEST_POPULATION = 4

# Optuna tells of every study and trial; the progress of a search is shown by whoever runs it.
optuna.logging.set_verbosity(optuna.logging.ERROR)


def distributions(search: ScaledSearch) -> dict[str, BaseDistribution]:
    """What Optuna draws each setting from, by dotted key."""
    return {key: _distribution(axis) for key, axis in search.space.items()}


def make_study(
    search: ScaledSearch, points: Iterable[TriedPoint], sampler: BaseSampler, storage: BaseStorage | None = None
) -> optuna.Study:
    """A study that holds exactly these points, numbered in their order; in memory by default."""
    directions = [_direction(objective) for objective in search.search.objectives]
    study = optuna.create_study(
        storage=storage or InMemoryStorage(), sampler=sampler, study_name=search.sweep, directions=directions
    )
    study.set_user_attr("objectives", list(search.search.objectives))
    for trial in _trials(search, points):
        study.add_trial(trial)
    return study


def make_sampler(search: ScaledSearch, number: int, draw: int) -> BaseSampler:
    """The sampler of one suggestion. Its chance depends on the seed of the search, the point and the draw alone.

    So continuing a search needs no random state: the next point follows from the points before it.

    Args:
        search: names the sampler and its seed.
        number: of the point, from 0.
        draw: of the same point, from 0; others before were known points.
    """
    seed = int(np.random.SeedSequence((search.search.sampler.seed, number, draw)).generate_state(1)[0])
    at_random = min(MOST_RANDOM, max(1, search.trials // 4))
    match search.search.sampler.name:
        case "tpe":
            return TPESampler(seed=seed, n_startup_trials=at_random)
        case "gp":
            return GPSampler(seed=seed, n_startup_trials=at_random)
        case "nsga2":
            return NSGAIISampler(seed=seed, population_size=_population(search))
        case "random":
            return RandomSampler(seed=seed)


def _distribution(axis: Axis) -> BaseDistribution:
    if axis.choice is not None:
        return CategoricalDistribution([choice for choice in axis.choice if isinstance(choice, str | int | float)])
    low, high = axis.bounds
    if axis.integer is not None:
        return IntDistribution(int(low), int(high), step=axis.step or 1)
    return FloatDistribution(low, high, log=axis.log_uniform is not None)


def _direction(objective: Objective) -> StudyDirection:
    return StudyDirection.MAXIMIZE if objective in SCORES else StudyDirection.MINIMIZE


def _population(search: ScaledSearch) -> int:
    """Size of a generation: the square root of the number of points."""
    return max(SMALLEST_POPULATION, isqrt(search.trials))


def _trials(search: ScaledSearch, points: Iterable[TriedPoint]) -> Iterable[FrozenTrial]:
    drawn_from = distributions(search)
    scored = 0
    for tried in points:
        outcome = tried.outcome
        attributes = {"trial key": tried.trial.key, **({"reason": outcome.reason} if outcome.reason else {})}
        yield create_trial(
            state=STATES[outcome.state],
            values=outcome.values or None,
            params=dict(tried.point),
            distributions=drawn_from,
            user_attrs=attributes,
            # NSGA-II looks for its generations here; as no study outlives a suggestion, they are counted anew.
            system_attrs={NSGAIISampler._get_generation_key(): scored // _population(search)},
            intermediate_values=dict(outcome.intermediate),
        )
        scored += outcome.state == "finished"
