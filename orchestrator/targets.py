"""Targets of a command: experiments, a search, or trials by their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from experiments.errors import InputError, Problem
from experiments.identity import TRIAL_KEY
from experiments.load_experiment import load_experiment
from experiments.load_search import load_search
from experiments.named_targets import named_targets
from experiments.overrides import names_and_assignments
from experiments.replaced_settings import replaced_settings
from experiments.scaled_experiment import ScaledExperiment
from experiments.searches import ScaledSearch
from experiments.target_files import read_target_file
from experiments.trial import Trial, with_parents
from orchestrator.planning.other_schemas import refuse_points_of_other_schemas
from orchestrator.planning.plan import Plan, make_plan, trials_on_data
from orchestrator.planning.stored_sweeps import stored_trial
from orchestrator.planning.sweep_names import sweep_name
from orchestrator.settings import Settings
from orchestrator.store.store import Store
from orchestrator.trial.leases import LeaseWatch

if TYPE_CHECKING:
    from model.data.errors import DataError
    from orchestrator.search.study import SearchStudy


@dataclass(frozen=True)
class Targets:
    """Trials, and the experiments or search that they are part of."""

    sweep: str
    """The name under which they run; empty for trials that were named by their keys."""
    paper: str
    """Paper of the experiments or search; each paper has its own MLflow experiment."""
    trials: tuple[Trial, ...]
    search: SearchStudy | None = None
    """The search that suggests further trials, if it is one."""
    problems: tuple[Problem, ...] = ()
    """Why some of the trials that were named by their keys cannot be read."""
    replaced: tuple[str, ...] = ()
    """See `replaced_settings`."""

    def refresh(self, store: Store) -> None:
        """Fetches the documents of the trials; of a search those of all trials, as each may be one of its points."""
        store.refresh(None if self.search is not None else [trial.key for trial in with_parents(self.trials)])

    def again(self, store: Store) -> Targets:
        """The same as of now: a search may have further points."""
        self.refresh(store)
        if self.search is None:
            return self
        from orchestrator.search.study import SearchStudy

        return replace(self, search=SearchStudy(self.search.search, store.storage))

    def looks(self, store: Store, watch: LeaseWatch) -> Iterator[tuple[Plan, SearchStudy | None]]:
        """The states of the trials for who starts none: as they were fetched last, then at each step as of now.

        New trials that are stored by another schema are told as such where their documents are here.
        """
        yield self.plan(store, watch), self.search
        while True:
            with watch.asking():
                now = self.again(store)
            yield now.plan(store, watch), now.search

    def plan(self, store: Store, watch: LeaseWatch | None = None) -> Plan:
        """The trials as storage knows them since the last refresh; of a search, all points so far. See `make_plan`."""
        if self.search is None:
            return make_plan(self.sweep, self.trials, store, watch=watch)
        points = [tried.trial for tried in self.search.points]
        keeps_pruned = self.search.search.search.early_stopping is not None
        return make_plan(self.sweep, points, store, keeps_pruned=keeps_pruned, watch=watch)


def read_targets(
    names: Sequence[str],
    assigned: Mapping[str, JsonValue],
    scale: str,
    settings: Settings,
    store: Store,
    workers: int | None = None,
) -> Targets:
    """Finds what the names stand for.

    Args:
        names: of experiments, of one search, or trial keys.
        assigned: overrides of experiments or of the search.
        scale: of experiments or of the search.
        settings: storage, data, MLflow and Ray.
        store: with the documents fetched that the names stand for; all of them, for a search.
        workers: data-parallel workers of every trial; by default what the experiment says.

    Raises:
        InputError: unknown names, mistakes in files, overrides that do not fit.
        DataError: the data folder cannot be used.
    """
    if names and all(TRIAL_KEY.fullmatch(name) for name in names):
        return _stored_trials(names, store)
    names = named_targets(names)
    if any(read_target_file(name).is_search for name in names):
        return _search(names, assigned, scale, settings, store)
    experiments = [load_experiment(name, scale, assigned) for name in names]
    if not experiments:
        raise InputError(Problem("command line", "names no experiment", "such as combo/table7"))
    paper, trials = _only_paper(experiments), tuple(trials_on_data(experiments, settings.data, workers))
    replaced = tuple(told for one in experiments for told in replaced_settings(one))
    return Targets(sweep_name(experiments, trials), paper, trials, replaced=replaced)


def read_runnable_targets(
    words: Sequence[str], scale: str, settings: Settings, store: Store, workers: int | None = None
) -> Targets:
    """As `read_targets`, for who runs trials: names must be of experiments or a search.

    All documents are fetched, as trials may be stored by another schema.

    Args:
        words: names and settings, as on a command line.
        scale: of experiments or of the search.
        settings: storage, data, MLflow and Ray.
        store: of the storage.
        workers: data-parallel workers of every trial; by default what the experiment says.

    Raises:
        DataError: the data folder cannot be used.
        InputError: as for `read_targets`, or trials are named by their keys.
    """
    store.refresh()
    names, assigned = names_and_assignments(words)
    targets = read_targets(names, assigned, scale, settings, store, workers)
    if not targets.sweep:
        remedy = "name the experiment or the search that they are of"
        raise InputError(*targets.problems, Problem("command line", "names trials by their keys", remedy))
    return targets


def target_names(words: Sequence[str]) -> tuple[str, ...]:
    """Names of the experiments and searches among the words; what names none of them is left to whoever reads it."""
    names = []
    for word in words:
        if "=" not in word:
            try:
                names += [read_target_file(name).name for name in named_targets([word])]
            except InputError:
                continue
    return tuple(names)


def read_search(names: Sequence[str], assigned: Mapping[str, JsonValue], scale: str) -> ScaledSearch:
    """Loads the search among the names.

    Raises:
        InputError: it is not the only name, or its file or the overrides have mistakes.
    """
    if len(names) > 1:
        raise InputError(Problem("command line", "names a search beside something else", "name it alone"))
    return load_search(names[0], scale, assigned)


def read_targets_on_stored_data(
    names: Sequence[str],
    assigned: Mapping[str, JsonValue],
    scale: str,
    store: Store,
    error: DataError,
) -> Targets:
    """As `read_targets` where the data folder cannot be used: on the data that most of the trials were trained on.

    Args:
        names: of experiments, or of one search.
        assigned: overrides of experiments or of the search.
        scale: of experiments or of the search.
        store: with all documents fetched.
        error: why the data folder cannot be used.

    Raises:
        DataError: the one that was given, if the storage has none of the trials on any data.
    """
    # Brings Arrow, which nobody waits for who has the data.
    from orchestrator.planning.stored_data import search_on_stored_data, trials_on_stored_data
    from reports.stored.results import read_results

    results = read_results(store.root, store.storage.cache if store.root.is_dir() else None)
    names = named_targets(names)
    if any(read_target_file(name).is_search for name in names):
        search = search_on_stored_data(read_search(names, assigned, scale), results)
        if search is None:
            raise error
        return _points(search, store)
    experiments = [load_experiment(name, scale, assigned) for name in names]
    trials = tuple(trials_on_stored_data(experiments, results))
    if not trials:
        raise error
    return Targets(sweep_name(experiments, trials), _only_paper(experiments), trials)


def _search(
    names: Sequence[str], assigned: Mapping[str, JsonValue], scale: str, settings: Settings, store: Store
) -> Targets:
    from model.data.fingerprint import trial_fingerprint

    search = read_search(names, assigned, scale)
    return _points(search.on_data(trial_fingerprint(settings.data, search.base)), store)


def _points(search: ScaledSearch, store: Store) -> Targets:
    """A search on its data."""
    from orchestrator.search.study import SearchStudy

    refuse_points_of_other_schemas(search, store)
    return Targets(search.sweep, search.paper.name, (), SearchStudy(search, store.storage))


def _stored_trials(keys: Sequence[str], store: Store) -> Targets:
    """Those whose identity is stored and intact; refuses when there is none of them."""
    trials: list[Trial] = []
    problems: list[Problem] = []
    for key in keys:
        try:
            trials.append(_stored_trial(key, store))
        except InputError as error:
            problems += error.problems
    if not trials:
        raise InputError(*problems)
    return Targets("", "", tuple(trials), problems=tuple(problems))


def _stored_trial(key: str, store: Store) -> Trial:
    trial = stored_trial(key, store)
    if trial is None:
        raise InputError(Problem(f"trial {key}", f"is not in {store.storage}", "`combo status EXPERIMENT` lists keys"))
    return trial


def _only_paper(experiments: Sequence[ScaledExperiment]) -> str:
    papers = sorted({scaled.paper.name for scaled in experiments})
    if len(papers) > 1:
        raise InputError(Problem("command line", f"names experiments of {' and '.join(papers)}", "run them one by one"))
    return papers[0]
