"""What searches have found, as a report shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from experiments.schema import SCORES
from experiments.search_schema import Objective
from experiments.searches import ScaledSearch
from model.config import TrialConfig
from orchestrator.planning.plan import make_plan
from orchestrator.search.points import TriedPoint
from orchestrator.search.study import SearchStudy
from orchestrator.storage.storage import Storage
from orchestrator.store.store import Store
from orchestrator.trial.trial_state import TrialState
from reports.search_outcomes import PointState, SearchAxis, SearchOutcome, SearchPoint
from reports.stored.results import Results
from reports.tables.measures import MILLION, MILLISECONDS

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
    searches: Sequence[ScaledSearch], results: Results, storage: Storage, data: Path
) -> list[SearchOutcome]:
    """The searches of which anything is stored, in their order.

    Args:
        searches: on no particular data.
        results: of the storage; tells at once which trials may be points.
        storage: with its documents and metrics fetched.
        data: the data folder, whose points are shown. Where it cannot be used, those on the data that most points of
            the search were trained on.
    """
    found = _stored_points(searches, results)
    outcomes = []
    for search in searches:
        by_data = found[search.name]
        fingerprint = _fingerprint(search, by_data, data) if by_data else ""
        if fingerprint in by_data:
            study = SearchStudy(search.on_data(fingerprint), storage, by_data[fingerprint])
            outcomes.append(_outcome(study, storage))
    return outcomes


def _stored_points(searches: Sequence[ScaledSearch], results: Results) -> Mapping[str, Mapping[str, list[str]]]:
    """Keys of the trials that are points of each search, by name of the search and fingerprint of the data."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    shared = {search.name: _sections_without_axis(search) for search in searches}
    for stored in results if searches else ():
        config = stored.config
        if config is not None:
            for search in searches:
                if _is_point(config, search, shared[search.name]):
                    found[search.name][config.data.fingerprint].append(stored.key)
    return found


def _sections_without_axis(search: ScaledSearch) -> list[str]:
    """Parts of a configuration that all points of a search share, the data apart."""
    varied = {key.partition(".")[0] for key in search.space} | {"data"}
    return [section for section in type(search.base).model_fields if section not in varied]


def _is_point(config: TrialConfig, search: ScaledSearch, shared: Iterable[str]) -> bool:
    """Whether a configuration is a point of a search on some data; most are told from their shared sections alone."""
    if type(config) is not type(search.base):
        return False
    is_alike = all(getattr(config, section) == getattr(search.base, section) for section in shared)
    return is_alike and search.on_data(config.data.fingerprint).point_of(config) is not None


def _fingerprint(search: ScaledSearch, by_data: Mapping[str, Sequence[str]], data: Path) -> str:
    from model.data.errors import DataError
    from model.data.fingerprint import trial_fingerprint

    try:
        return trial_fingerprint(data, search.base)
    except DataError:
        return max(sorted(by_data), key=lambda fingerprint: len(by_data[fingerprint]))


def _outcome(study: SearchStudy, storage: Storage) -> SearchOutcome:
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
        command="" if study.complete and not study.pending else search.command("run"),
        axes=tuple(
            SearchAxis(key, search.axis_names[key], axis.log_uniform is not None) for key, axis in search.space.items()
        ),
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
