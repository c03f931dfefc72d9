"""Which data trials were trained on, as the storage tells it: for machines that do not have these data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from experiments.expand import expand
from experiments.scaled_experiment import ScaledExperiment
from experiments.searches import ScaledSearch
from experiments.trial import Trial, with_parents
from model.config import Task, TrialConfig
from orchestrator.planning.plan import DataNeed
from reports.stored.results import Results
from reports.tables.matching import on_any_data


def trials_on_stored_data(experiments: Iterable[ScaledExperiment], results: Results) -> list[Trial]:
    """Expands experiments and binds every trial to the data that most of its kind were trained on.

    Args:
        experiments: to look at.
        results: of the storage.

    Returns:
        The trials; none if no trial of them is stored on any data. Those whose data the storage does not know have no
        fingerprint, so that they count as new.
    """
    found: dict[DataNeed, Counter[str]] = defaultdict(Counter)
    scaled_experiments = list(experiments)
    for trial in with_parents(trial for scaled in scaled_experiments for trial in expand(scaled)):
        found[trial.task, trial.config.proposer].update(_fingerprints(trial, results))
    if not any(found.values()):
        return []

    def fingerprint(task: Task, proposer: str | None, _size: int) -> str:
        return _most_common(found[task, proposer])

    return [trial for scaled in scaled_experiments for trial in expand(scaled, fingerprint)]


def search_on_stored_data(search: ScaledSearch, results: Results) -> ScaledSearch | None:
    """A search on the data that most of its points were trained on; None if no point of it is stored.

    Args:
        search: on no particular data.
        results: of the storage.
    """
    points = stored_points([search], results)[search.name]
    found = Counter({fingerprint: len(keys) for fingerprint, keys in points.items()})
    return search.on_data(_most_common(found)) if found else None


def stored_points(searches: Sequence[ScaledSearch], results: Results) -> Mapping[str, Mapping[str, list[str]]]:
    """Keys of the trials that are points of each search, by name of the search and fingerprint of the data.

    Args:
        searches: on no particular data.
        results: of the storage.
    """
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    shared = {search.name: _sections_without_axis(search) for search in searches}
    for stored in results if searches else ():
        config = stored.config
        if config is not None:
            for search in searches:
                if _is_point(config, search, shared[search.name]):
                    found[search.name][config.data.fingerprint].append(stored.key)
    return found


def _fingerprints(trial: Trial, results: Results) -> Iterator[str]:
    for stored in on_any_data(trial, results):
        if stored.config is not None:
            yield stored.config.data.fingerprint


def _most_common(fingerprints: Counter[str]) -> str:
    """The one that was counted most often, the first one of several; empty if there is none."""
    return max(sorted(fingerprints), key=lambda fingerprint: fingerprints[fingerprint], default="")


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
