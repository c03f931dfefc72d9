"""Stored trials by configuration, seeds apart: the rows of an experiment, the points of a search."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from experiments.searches import ScaledSearch
from experiments.trial import Trial
from reports.comparing.comparison import Group
from reports.stored.results import Results
from reports.stored.stored_trial import StoredTrial
from reports.tables.matching import match


def groups_of_trials(trials: Sequence[Trial], results: Results) -> list[Group]:
    """A group for each row, task and start of an experiment, in the order of its trials; also where nothing is stored.

    Args:
        trials: of the experiment, with or without data fingerprint.
        results: of the storage.
    """
    places = match(trials, results)
    found: dict[tuple[str, str, str | None], Group] = {}
    for trial in trials:
        place = (trial.variant, trial.task, trial.start)
        stored = tuple(run.stored for run in places[place].runs)
        config = next((one.config for one in stored if one.config is not None), trial.config)
        found.setdefault(place, Group(trial.variant, trial.task, trial.start, config, stored))
    return list(found.values())


def groups_of_search(search: ScaledSearch, results: Results) -> list[Group]:
    """A group for each point of a search that has a result, on whatever data; in the order of the points' values."""
    points: dict[str, list[StoredTrial]] = defaultdict(list)
    for stored in results:
        config = stored.config
        if stored.result is not None and config is not None:
            point = search.on_data(config.data.fingerprint).point_of(config)
            if point is not None:
                points[" ".join(f"{search.axis_names[key]}={value}" for key, value in point.items())].append(stored)
    return [_point(search, name, trials) for name, trials in sorted(points.items())]


def group_of_trial(stored: StoredTrial) -> Group:
    """A trial by itself.

    Raises:
        ValueError: its identity cannot be trusted.
    """
    if stored.config is None:
        raise ValueError(f"trial {stored.key} has no configuration")
    return Group(stored.key, stored.config.data.task, None, stored.config, (stored,))


def _point(search: ScaledSearch, name: str, trials: Sequence[StoredTrial]) -> Group:
    config = trials[0].config
    assert config is not None
    return Group(name, search.task, None, config, tuple(trials))
