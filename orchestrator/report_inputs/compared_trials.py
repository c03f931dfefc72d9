"""Compares two trials, experiments, searches or dates, as named on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from typing import TypeAlias

from pydantic import JsonValue

from experiments.errors import InputError, Problem
from experiments.identity import TRIAL_KEY
from experiments.searches import ScaledSearch
from experiments.trial import Trial
from orchestrator.report_inputs.request import Asked, read_words
from orchestrator.settings import Settings
from orchestrator.trial.provenance import protocols_of_today
from reports.comparing.comparison import Group, compare
from reports.comparing.groups import group_of_trial, groups_of_search, groups_of_trials
from reports.comparing.history import CellChange, cell_changes
from reports.render.blocks import Block
from reports.render.comparison_blocks import comparison_blocks, history_blocks
from reports.stored.rescored import Rescored
from reports.stored.results import Results
from reports.stored.scored_weights import read_evaluations
from reports.stored.scores import read_clip_scores
from reports.tables.table import Known, build_table

DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].+)?")
KINDS = "two trial keys, two experiments or searches, or two dates"
Named: TypeAlias = Sequence[Trial] | ScaledSearch
"""The trials of an experiment, or a search."""


@dataclass(frozen=True)
class Sides:
    """Two things to compare, and where to look."""

    a: str
    b: str
    of: Sequence[str]
    """Names of experiments whose tables are compared between two dates; empty for all."""
    scale: str
    assigned: Mapping[str, JsonValue]
    """Settings laid over experiments and searches."""
    settings: Settings
    data_was_named: bool

    def blocks(self, results: Results) -> list[Block]:
        """The comparison as blocks of a report.

        Args:
            results: of the storage.

        Raises:
            InputError: they cannot be compared, or one of them is not there.
        """
        if self.a == self.b:
            raise InputError(Problem("command line", f"compares {self.a} with itself", f"give {KINDS}"))
        words = (self.a, self.b)
        if all(map(DATE.fullmatch, words)):
            return list(self._history(results))
        if self.of:
            raise InputError(Problem("--of", "goes with two dates only", "such as 2026-11-01 2026-11-15"))
        if any(map(DATE.fullmatch, words)) or len({bool(TRIAL_KEY.fullmatch(word)) for word in words}) > 1:
            raise InputError(Problem("command line", f"{self.a} and {self.b} are of different kinds", f"give {KINDS}"))
        ours, theirs = self._trials(results) if TRIAL_KEY.fullmatch(self.a) else self._groups_of_names(results)
        return list(comparison_blocks(compare(ours, theirs, words, cache(read_clip_scores))))

    def _trials(self, results: Results) -> tuple[list[Group], list[Group]]:
        return [self._trial(self.a, results)], [self._trial(self.b, results)]

    def _groups_of_names(self, results: Results) -> tuple[list[Group], list[Group]]:
        a, b = self._named()
        return self._groups(self.a, a, results), self._groups(self.b, b, results)

    def _named(self) -> tuple[Named, Named]:
        """The targets of both words, without their results."""
        asked = [self._asked([word]) for word in (self.a, self.b)]
        _refuse([problem for one in asked for problem in _without_scores(one)])
        a, b = (one.searches[0] if one.searches else one.reported[0].trials for one in asked)
        if a == b:
            raise InputError(Problem("command line", f"{self.a} and {self.b} are the same", f"give {KINDS}"))
        return a, b

    def _groups(self, word: str, named: Named, results: Results) -> list[Group]:
        if isinstance(named, ScaledSearch):
            groups = groups_of_search(named, results)
        else:
            groups = groups_of_trials(named, results)
        if not any(trial.result is not None for group in groups for trial in group.trials):
            what = f"has no result in {self.settings.storage} at scale {self.scale}"
            raise InputError(Problem(word, what, "run it first, or name another --scale"))
        return groups

    def _asked(self, words: Sequence[str]) -> Asked:
        return read_words(words, self.assigned, self.scale, self.settings.data, data_was_named=self.data_was_named)

    def _trial(self, key: str, results: Results) -> Group:
        stored = results.trial(key)
        if stored is None:
            remedy = "`combo status EXPERIMENT` lists keys"
            raise InputError(Problem(f"trial {key}", f"is not in {self.settings.storage}", remedy))
        if stored.problem is not None:
            raise InputError(stored.problem)
        if stored.result is None:
            raise InputError(Problem(f"trial {key}", "has no result to compare", "run it to its end"))
        return group_of_trial(stored)

    def _history(self, results: Results) -> Iterator[Block]:
        then, now = (_moment(word) for word in (self.a, self.b))
        if then > now:
            raise InputError(Problem("command line", "names the later moment first", f"{self.b} {self.a}"))
        asked = self._asked(self.of)
        if self.of:
            _refuse([*_without_scores(asked), *map(_without_table, asked.searches)])
        protocols, rescored = protocols_of_today(), Rescored(read_evaluations(self.settings.storage.root)[0])
        changes: list[CellChange] = []
        cells = 0
        for one in asked.reported:
            before, after = (
                build_table(
                    one.scaled,
                    one.trials,
                    results.as_of(moment),
                    Known(rescored=rescored.as_of(moment), protocols=protocols),
                )
                for moment in (then, now)
            )
            changes += cell_changes(before, after)
            cells += len(after.own_cells)
        return history_blocks(self.a, self.b, changes, cells)


def _without_scores(asked: Asked) -> Iterator[Problem]:
    """Tables that hold no number of ours, whatever is trained."""
    for one in asked.settings:
        remedy = "name an experiment, such as combo/table7"
        yield Problem(f"{one.paper.name}/{one.table.number}", "is a table of settings, which has no scores", remedy)


def _without_table(search: ScaledSearch) -> Problem:
    what = "is a search, and only tables are compared between two dates"
    return Problem(search.name, what, "name an experiment, such as combo/table7")


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise InputError(*problems)


def _moment(word: str) -> datetime:
    """With a time zone, UTC where none is given. A date alone is the end of that day."""
    try:
        moment = datetime.fromisoformat(word)
    except ValueError as error:
        raise InputError(Problem(word, f"is no date: {error}", "such as 2026-11-01 or 2026-11-01T18:00")) from None
    if len(word) == len("2026-11-01"):
        moment = datetime.combine(moment, time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
