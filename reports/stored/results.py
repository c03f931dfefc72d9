"""All trials of a storage folder at once: ten thousand finished ones are looked up without being parsed."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from experiments.errors import Problem
from experiments.records import RESULT_FILE, TRIAL_FILE, TRIALS
from experiments.stored_types import parse_moment
from reports.stored.any_data import key_on_any_data, lineage
from reports.stored.column_cache import replace_rows
from reports.stored.curve_cache import CurveCache
from reports.stored.effort import Effort, sum_effort
from reports.stored.evaluations import Curve
from reports.stored.file_marks import Mark, mark_files
from reports.stored.finished_trials import finished_cache, finished_row
from reports.stored.stored_trial import StoredTrial, read_stored_trial

CACHE_FOLDER = "reports"


class Results:
    """The trials of one storage as they were found, in the order of their keys.

    Args:
        trials: folder of the trial directories.
        finished: the trials with a sound result, with the columns of `reports.stored.finished_trials`.
        others: the others by key.
        curves: reads learning curves.
    """

    def __init__(self, trials: Path, finished: pa.Table, others: Mapping[str, StoredTrial], curves: CurveCache) -> None:
        self._trials, self._finished, self._others, self._curves = trials, finished, others, curves
        self._rows = {key: row for row, key in enumerate(finished.column("key").to_pylist())}

    def __len__(self) -> int:
        return len(self._rows) + len(self._others)

    def __iter__(self) -> Iterator[StoredTrial]:
        return (self._trial(key) for key in sorted([*self._rows, *self._others]))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with trials, in the order of their keys."""
        return tuple(trial.problem for trial in self._others.values() if trial.problem is not None)

    def trial(self, key: str) -> StoredTrial | None:
        """A trial by its key; None if it is not stored."""
        return self._trial(key) if key in self._rows or key in self._others else None

    def on_any_data(self, name: str) -> list[StoredTrial]:
        """The trials of one configuration on whatever data, in the order of their keys.

        Args:
            name: of the configuration, as `reports.stored.any_data.lineage` gives it.
        """
        return [self._trial(key) for key in self._by_lineage.get(name, ())]

    def curves(self, keys: Iterable[str]) -> dict[str, Curve]:
        """The validation curves of stored trials by key."""
        return self._curves.curves(self._trials / key for key in keys)

    def effort(self) -> tuple[Effort, ...]:
        """What all finished trials have cost, by task and device."""
        return sum_effort(self._finished)

    def as_of(self, moment: datetime) -> Results:
        """The results that there were at a moment, and nothing else.

        Args:
            moment: with its time zone.
        """
        there = pa.array(
            [parse_moment(text) <= moment for text in self._finished.column("finished").to_pylist()], pa.bool_()
        )
        return Results(self._trials, self._finished.filter(there), {}, self._curves)

    def _trial(self, key: str) -> StoredTrial:
        if key in self._others:
            return self._others[key]
        identity, outcome = (self._finished.column(name)[self._rows[key]].as_py() for name in ("identity", "outcome"))
        return StoredTrial(key, self._trials / key, identity, outcome)

    @cached_property
    def _by_lineage(self) -> Mapping[str, list[str]]:
        columns = (self._finished.column(name).to_pylist() for name in ("key", "on_any_data", "starts_from"))
        known: dict[str, tuple[str, str | None]] = {
            key: (own, origin) for key, own, origin in zip(*columns, strict=True)
        }
        for key, trial in self._others.items():
            if trial.config is not None:
                known[key] = key_on_any_data(trial.config), trial.config.initial_trial
        found = defaultdict(list)
        for key in sorted(known):
            found[lineage(_ancestry(key, known))].append(key)
        return found


def read_results(storage: Path, cache: Path | None) -> Results:
    """All trials of a storage folder; none when it holds none yet.

    What was read of a finished trial is kept, and used again while the system says that its documents are as they
    were. So what this returns is what it would return without a cache, but for one who sets the system's clock back
    or writes into the cache itself.

    Args:
        storage: folder that holds `trials/`.
        cache: folder for what can be computed again; None keeps nothing and uses nothing.
    """
    trials = storage / TRIALS
    folder = None if cache is None else cache / CACHE_FOLDER
    kept = finished_cache(folder)
    before = kept.read()
    marks = {key: mark_files(trials, (f"{key}/{TRIAL_FILE}", f"{key}/{RESULT_FILE}")) for key in _keys(trials)}
    same = _unchanged(before, marks)
    fresh, others = _read(trials, {key: mark for key, mark in marks.items() if key not in same})
    finished = before
    if fresh or len(same) < before.num_rows:
        finished = replace_rows(before, same, fresh)
        kept.write(finished)
    return Results(trials, finished, others, CurveCache(folder, finished.column("key").to_pylist()))


def _keys(trials: Path) -> list[str]:
    if not trials.is_dir():
        return []
    with os.scandir(trials) as entries:
        return sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())


def _unchanged(kept: pa.Table, marks: Mapping[str, Mark | None]) -> set[str]:
    """Keys of the finished trials whose documents are as they were when they were kept."""
    pairs = zip(kept.column("key").to_pylist(), kept.column("mark").to_pylist(), strict=True)
    return {key for key, text in pairs if (mark := marks.get(key)) is not None and mark.text == text}


def _read(trials: Path, marks: Mapping[str, Mark | None]) -> tuple[list[dict[str, Any]], dict[str, StoredTrial]]:
    """The finished ones of some trials by column, and the others by key."""
    finished, others = [], {}
    for key, mark in marks.items():
        trial = read_stored_trial(trials / key)
        if trial.outcome is None:
            others[key] = trial
        else:
            finished.append(finished_row(trial, mark))
    return finished, others


def _ancestry(key: str, known: Mapping[str, tuple[str, str | None]]) -> Iterator[str]:
    """Keys on any data of a trial and of those that it starts from, as far as these are stored."""
    origin: str | None = key
    while origin is not None and origin in known:
        on_any_data, origin = known[origin]
        yield on_any_data
    if origin is not None:
        yield origin
