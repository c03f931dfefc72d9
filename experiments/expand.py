"""From an experiment to its trials: variants x tasks x seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TypeAlias

from experiments.errors import InputError, Problem
from experiments.presets import Asking, LoadedPreset, lay_over_preset
from experiments.resolve import Layer
from experiments.scaled_experiment import SEEDS, ScaledExperiment
from experiments.schema import Variant
from experiments.trial import Trial
from model.config import Task, TrialConfig

ANY_SEED = 0
"""Seed of trials before each gets its own."""
MOST_TRIALS = 10_000
"""Most trials that an experiment at one scale may ask for; a few lines of a file could ask for billions."""
GIVEN_ELSEWHERE = {
    "seed": "list it under seeds",
    "data.task": "list it under tasks",
    "data.fingerprint": "it is computed from the data folder",
    "initial_trial": "say starts_from in the variant",
    "task": "list it under tasks, in the file or in one of its scales",
    "tasks": "list them in the file or in one of its scales",
    "preset": "name it in the file or in one of its scales",
    "scale": "say --scale",
    "workers": "say --workers, or list them in a scale",
}
"""What an experiment's overrides cannot change, and what to do instead."""
Fingerprint: TypeAlias = Callable[[Task, str | None, int], str]
"""Computes the data fingerprint from the task, the proposer of its Maskiges, if any, and a picture's side in pixels."""


def expand(scaled: ScaledExperiment, fingerprint: Fingerprint | None = None) -> list[Trial]:
    """All trials of an experiment at one scale, in the order of its rows.

    Args:
        scaled: an experiment at one scale.
        fingerprint: of the data that the trials are bound to; without it their data fingerprint stays empty.

    Raises:
        InputError: the experiment asks for too many trials, or overrides name no setting or give it a value it cannot
            have; all such mistakes at once.
    """
    places: list[list[Trial]] = []
    problems: list[Problem] = []
    seeds: Sequence[int] = ()
    try:
        seeds = scaled.seeds
    except InputError as error:
        problems += error.problems
    _refuse_too_many(scaled, seeds)
    for variant, task in product(scaled.experiment.variants, scaled.tasks):
        try:
            starts = scaled.starts(variant, task)
            places.append([_trial(scaled, variant, task, scaled.tasks_place, start, ANY_SEED) for start in starts])
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(*dict.fromkeys(problems))
    if fingerprint is not None:
        places = [[_bind(trial, fingerprint) for trial in place] for place in places]
    return [trial.with_seed(seed) for place in places for seed in seeds for trial in place]


def _refuse_too_many(scaled: ScaledExperiment, seeds: Sequence[int]) -> None:
    places = sum(len(scaled.starts(*place)) for place in product(scaled.experiment.variants, scaled.tasks))
    if places * len(seeds) > MOST_TRIALS:
        what = f"asks for {places * len(seeds):,} trials, more than {MOST_TRIALS:,}"
        raise InputError(Problem(scaled.file, what, "name fewer seeds, or split it"))


def _trial(
    scaled: ScaledExperiment, variant: Variant, task: Task, task_place: str, start: Task | None, seed: int
) -> Trial:
    workers = scaled.settings.workers.get(variant.name, 1)
    config = _resolve(scaled, variant, task, task_place, seed)
    apart = start is not None and start != variant.starts_from.get(task)
    cost = _preset(scaled, variant).cost(task)
    trial = Trial(scaled.name, variant.name, task, seed, workers, config, in_own_column=apart, cost=cost)
    if start is None:
        return trial
    start_place = f"{scaled.file}: {'also_from' if apart else f'starts_from of {variant.name}'}"
    return trial.starting_from(_trial(scaled, variant, start, start_place, None, seed))


def _bind(trial: Trial, fingerprint: Fingerprint) -> Trial:
    data = trial.config.data
    bound = trial.on_data(fingerprint(trial.task, trial.config.proposer, data.size))
    return bound if trial.parent is None else bound.starting_from(_bind(trial.parent, fingerprint))


def _preset(scaled: ScaledExperiment, variant: Variant) -> LoadedPreset:
    return scaled.presets[variant.preset or scaled.experiment.preset]


def _resolve(scaled: ScaledExperiment, variant: Variant, task: Task, task_place: str, seed: int) -> TrialConfig:
    file = scaled.file
    layers: list[Layer] = [
        (f"{file}: overrides", scaled.experiment.overrides),
        (f"{file}: task_overrides.{task}", scaled.experiment.task_overrides.get(task, {})),
        (f"{file}: variant '{variant.name}'", variant.overrides),
        *((place, scale.overrides) for place, scale in scaled.scale_parts),
        ("command line", {key: value for key, value in scaled.assigned.items() if key != SEEDS}),
    ]
    place = f"{file}: variant '{variant.name}'"
    asking = Asking(place, task, task_place, GIVEN_ELSEWHERE, "an experiment", scaled.paper)
    return lay_over_preset(_preset(scaled, variant), layers, asking, seed)
