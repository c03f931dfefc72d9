"""Finds the stored trials that an experiment's trials stand for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from experiments.trial import Trial
from model.config import Task
from reports.stored.any_data import key_on_any_data, lineage
from reports.stored.results import Results
from reports.stored.stored_trial import StoredTrial
from reports.tables.cell_states import Evidence
from reports.tables.cells import Run, RunLink

Places: TypeAlias = dict[tuple[str, Task, Task | None], Evidence]
"""Runs by variant, task and start."""


def match(
    trials: Sequence[Trial],
    results: Results,
    links: Mapping[str, RunLink] | None = None,
    shown: Callable[[StoredTrial], StoredTrial] = lambda stored: stored,
) -> Places:
    """Matches by trial key; a trial without data fingerprint matches the same configuration on any data.

    Args:
        trials: of an experiment.
        results: of the storage.
        links: where MLflow shows a trial, by trial key.
        shown: chooses the score that counts of a trial, where it has several.
    """
    places: Places = defaultdict(Evidence)
    for trial in trials:
        place = trial.variant, trial.task, trial.start
        own, elsewhere = (
            [_run(trial, shown(stored), results, links or {}) for stored in found] for found in _found(trial, results)
        )
        places[place] = Evidence((*places[place].runs, *own), (*places[place].elsewhere, *elsewhere))
    return dict(places)


def on_any_data(trial: Trial, results: Results) -> list[StoredTrial]:
    """The stored trials of a trial's configuration, on whatever data they and those they start from were trained."""
    return results.on_any_data(lineage(_ancestry(trial)))


def _run(trial: Trial, stored: StoredTrial, results: Results, links: Mapping[str, RunLink]) -> Run:
    origin = stored.config.initial_trial if stored.config is not None else None
    parent = results.trial(origin) if origin is not None else None
    start_data = parent.config.data.fingerprint if parent is not None and parent.config is not None else ""
    return Run(trial.seed, stored, start_data, links.get(stored.key))


def _found(trial: Trial, results: Results) -> tuple[list[StoredTrial], list[StoredTrial]]:
    """The trial itself, and the same configuration on other data."""
    alike = on_any_data(trial, results)
    if not trial.config.data.fingerprint:
        return alike, []
    own = results.trial(trial.key)
    return [] if own is None else [own], [stored for stored in alike if stored.key != trial.key]


def _ancestry(trial: Trial) -> Iterator[str]:
    yield key_on_any_data(trial.config)
    if trial.parent is not None:
        yield from _ancestry(trial.parent)
    elif trial.config.initial_trial is not None:
        yield trial.config.initial_trial
