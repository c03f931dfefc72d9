"""What searches have found, as a report shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.printed_commands import Caller
from experiments.schema import SCORES
from experiments.search_schema import Objective
from experiments.searches import ScaledSearch
from orchestrator.planning.known_data import fingerprint_of
from orchestrator.planning.plan import make_plan
from orchestrator.planning.stored_data import stored_points
from orchestrator.search.points import TriedPoint
from orchestrator.storage.storage import Storage
from orchestrator.store.store import Store
from orchestrator.trial.trial_state import TrialState
from reports.search_outcomes import PointState, SearchAxis, SearchOutcome, SearchPoint
from reports.stored.results import Results
from reports.tables.measures import MILLION, MILLISECONDS

if TYPE_CHECKING:
    from orchestrator.search.study import SearchStudy

SHOWN_IN: dict[Objective, float] = {
    **dict.fromkeys(SCORES, 100.0),
    "parameters": 1 / MILLION,
    "trainable_parameters": 1 / MILLION,
    "seconds_per_clip": float(MILLISECONDS),
}
"""What turns an objective into the unit that reports show it in."""
UNENDED: dict[TrialState, PointState] = {TrialState.RUNNING: "running", TrialState.NEW: "new"}
"""What a point without an outcome is called; any other one was begun and waits to be continued."""


def search_outcomes(
    searches: Sequence[ScaledSearch], results: Results, storage: Storage, data: Path, caller: Caller
) -> list[SearchOutcome]:
    """The searches of which anything is stored, in their order.

    Args:
        searches: on no particular data.
        results: of the storage; tells at once which trials may be points.
        storage: with its documents and metrics fetched.
        data: the data folder, whose points are shown. Where it cannot be used, those on the data that most points of
            the search were trained on.
        caller: how the user calls `combo`.
    """
    found = stored_points(searches, results)
    outcomes = []
    for search in searches:
        by_data = found[search.name]
        fingerprint = _fingerprint(search, by_data, data) if by_data else ""
        if fingerprint in by_data:
            # Brings Optuna, which most reports do not need.
            from orchestrator.search.study import SearchStudy

            study = SearchStudy(search.on_data(fingerprint), storage, by_data[fingerprint])
            outcomes.append(_outcome(study, storage, caller))
    return outcomes


def _fingerprint(search: ScaledSearch, by_data: Mapping[str, Sequence[str]], data: Path) -> str:
    from model.data.errors import DataError

    base = search.base
    try:
        return fingerprint_of(data, base.data.task, base.proposer, base.data.size)
    except DataError:
        return max(sorted(by_data), key=lambda fingerprint: len(by_data[fingerprint]))


def _outcome(study: SearchStudy, storage: Storage, caller: Caller) -> SearchOutcome:
    from orchestrator.search.importance import importances

    search = study.search
    pending = make_plan(search.sweep, study.pending, Store(storage))
    states = {entry.trial.key: UNENDED.get(entry.state, "stopped") for entry in pending.entries}
    best = {tried.trial.key for tried in study.best()}
    return SearchOutcome(
        name=search.name,
        title=search.search.title,
        task=search.task,
        scale=search.scale,
        objectives=tuple(search.search.objectives),
        points=tuple(_point(tried, search.search.objectives, states, best) for tried in study.points),
        command="" if study.complete and not study.pending else search.command("run", caller),
        axes=tuple(
            SearchAxis(key, search.axis_names[key], axis.log_uniform is not None) for key, axis in search.space.items()
        ),
        importances=importances(search, study.points),
        note=search.settings.note,
        wanted=search.trials,
        data_fingerprint=search.base.data.fingerprint,
    )


def _point(
    tried: TriedPoint, objectives: Sequence[Objective], states: Mapping[str, PointState], best: set[str]
) -> SearchPoint:
    key, outcome = tried.trial.key, tried.outcome
    values = dict(zip(objectives, outcome.values, strict=False))
    return SearchPoint(
        key=key,
        settings=dict(tried.point),
        values={objective: SHOWN_IN[objective] * value for objective, value in values.items()},
        state=states[key] if outcome.state == "running" else outcome.state,
        on_front=key in best,
    )
