"""Suggests the next point of a search. The Optuna study is rebuilt from storage, so nothing depends on Optuna's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from optuna.samplers import RandomSampler

from experiments.errors import InputError
from experiments.searches import Point, ScaledSearch
from experiments.trial import Trial
from orchestrator.search.optuna_study import distributions, make_sampler, make_study
from orchestrator.search.points import RUNNING, TriedPoint
from orchestrator.search.stored_points import StoredTrials
from orchestrator.storage.storage import Storage

MOST_DRAWS = 16
"""Draws of the sampler in a row that give known points, before points are drawn at random."""
MOST_RANDOM_DRAWS = 1000
"""Random draws in a row that give known points, before the space counts as exhausted."""


class SearchStudy:
    """A search and what is known of its points.

    A suggestion is a function of the search and of the points before it, their order and outcomes included. With one
    trial at a time a search that was interrupted therefore suggests what it would have suggested anyway.

    Args:
        search: bound to its data.
        storage: with its documents fetched. Every trial that is a point of this search counts, whatever it was run for.
        known: keys of the stored trials that are points, for those who know them; all trials are looked at otherwise.
    """

    def __init__(self, search: ScaledSearch, storage: Storage, known: Iterable[str] | None = None) -> None:
        self.search = search
        self._stored = StoredTrials(search, storage)
        self._tried = {tried.trial.key: tried for tried in self._stored.points(known)}
        self._is_exhausted = False
        self.pending = [tried.trial for tried in self.points if tried.outcome.state == "running"]
        """Trials that were begun before and have to be run to their end first."""

    @property
    def points(self) -> list[TriedPoint]:
        """All points so far, in the order in which they were begun."""
        return list(self._tried.values())

    @property
    def complete(self) -> bool:
        """Whether no further point will be suggested; some may still run."""
        return self._is_exhausted or len(self._tried) >= self.search.trials

    def probes(self) -> list[Trial]:
        """One trial of the search, for checks that hold for all of its points."""
        lowest = {key: axis.extremes[0] for key, axis in self.search.space.items()}
        trial = self._trial(lowest)
        return [] if trial is None else [trial]

    def ask(self) -> Trial | None:
        """The next trial to run; it counts as running until `settle` is called.

        A suggested point whose trial is stored already is given its stored outcome and skipped.

        Returns:
            None when the search has all its points, or the space is exhausted.
        """
        while not self.complete:
            suggestion = self._suggest()
            if suggestion is None:
                self._is_exhausted = True
                return None
            point, trial = suggestion
            outcome = self._stored.outcome(trial.key) or RUNNING
            self._tried[trial.key] = TriedPoint(point, trial, outcome)
            if outcome.state == "running":
                return trial
        return None

    def settle(self, key: str) -> None:
        """Reads the outcome of a trial from storage."""
        self._tried[key] = replace(self._tried[key], outcome=self._stored.outcome(key) or RUNNING)

    def best(self) -> list[TriedPoint]:
        """The best point, or with several objectives the Pareto front by descending first objective."""
        points = self.points
        front = [points[trial.number] for trial in make_study(self.search, points, RandomSampler()).best_trials]
        by_first = sorted(front, key=lambda tried: tried.outcome.values[0], reverse=True)
        return by_first if len(self.search.search.objectives) > 1 else by_first[:1]

    def _suggest(self) -> tuple[Point, Trial] | None:
        """A point that is not known yet."""
        number = len(self._tried)
        study = make_study(self.search, self.points, RandomSampler())
        drawn_from = distributions(self.search)
        for draw in range(MOST_DRAWS + MOST_RANDOM_DRAWS):
            # A known point that was drawn stays in this study as running, which leads samplers elsewhere.
            by_chance = draw >= MOST_DRAWS
            study.sampler = RandomSampler(seed=draw) if by_chance else make_sampler(self.search, number, draw)
            drawn = study.ask(drawn_from).params
            point = {key: axis.rounded(drawn[key]) for key, axis in self.search.space.items()}
            trial = self._trial(point)
            if trial is not None and trial.key not in self._tried:
                return point, trial
        return None

    def _trial(self, point: Point) -> Trial | None:
        """The trial of a point; None if its values do not fit together."""
        try:
            return self.search.trial(point)
        except InputError:
            return None
