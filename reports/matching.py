"""Finds the stored trials that an experiment's trials stand for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

from experiments.expand import Trial
from experiments.identity import trial_key
from model.config import Task, TrialConfig
from reports.cells import Run
from reports.results import StoredTrial

ANY_DATA = "any"
Places: TypeAlias = dict[tuple[str, Task], tuple[Run, ...]]
"""Runs by variant and task."""


def match(trials: Sequence[Trial], stored: Sequence[StoredTrial]) -> Places:
    """Matches by trial key; a trial without data fingerprint matches the same configuration on any data."""
    configs = {candidate.key: candidate.config for candidate in stored if candidate.config is not None}
    by_key: dict[str, list[StoredTrial]] = defaultdict(list)
    for candidate in stored:
        if candidate.config is not None:
            by_key[candidate.key].append(candidate)
            source = configs.get(candidate.config.initial_trial or "")
            by_key[_key_on_any_data(candidate.config, source)].append(candidate)
    places: dict[tuple[str, Task], list[Run]] = defaultdict(list)
    for trial in trials:
        bound = bool(trial.config.data.fingerprint)
        key = trial.key if bound else _key_on_any_data(trial.config, trial.source.config if trial.source else None)
        places[trial.variant, trial.task] += [Run(trial.seed, found) for found in by_key[key]]
    return {place: tuple(runs) for place, runs in places.items()}


def _key_on_any_data(config: TrialConfig, source: TrialConfig | None) -> str:
    """The key of trials told apart by anything but data; so is the one that they start from."""
    data = config.data.model_copy(update={"fingerprint": ANY_DATA})
    initial = config.initial_trial if source is None else _key_on_any_data(source, None)
    return trial_key(config.model_copy(update={"data": data, "initial_trial": initial}))
