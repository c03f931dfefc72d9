"""Targets of a command: experiments, a search, or trials by their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from experiments.errors import InputError, Problem
from experiments.identity import TRIAL_KEY
from experiments.load_experiment import load_experiment
from experiments.load_search import load_search
from experiments.scaled_experiment import ScaledExperiment
from experiments.searches import ScaledSearch
from experiments.table_names import without_table_names
from experiments.target_files import read_target_file
from experiments.trial import Trial
from orchestrator.planning.other_schemas import refuse_points_of_other_schemas
from orchestrator.planning.plan import Plan, make_plan, trials_on_data
from orchestrator.planning.sweep_names import sweep_name
from orchestrator.settings import Settings
from orchestrator.store.store import Store
from orchestrator.trial.leases import LeaseWatch

if TYPE_CHECKING:
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

    def again(self, store: Store) -> Targets:
        """The same as of the last refresh: a search has further points then."""
        if self.search is None:
            return self
        from orchestrator.search.study import SearchStudy

        return replace(self, search=SearchStudy(self.search.search, store.storage))

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
        store: with its documents refreshed.
        workers: data-parallel workers of every trial; by default what the experiment says.

    Raises:
        InputError: unknown names, mistakes in files, overrides that do not fit.
        DataError: the data folder cannot be used.
    """
    if names and all(TRIAL_KEY.fullmatch(name) for name in names):
        return _stored_trials(names, store)
    names = without_table_names(names)
    if any(read_target_file(name).is_search for name in names):
        return _search(names, assigned, scale, settings, store)
    experiments = [load_experiment(name, scale, assigned) for name in names]
    if not experiments:
        raise InputError(Problem("command line", "names no experiment", "such as combo/table7"))
    paper, trials = _only_paper(experiments), tuple(trials_on_data(experiments, settings.data, workers))
    return Targets(sweep_name(experiments, trials), paper, trials)


def read_search(names: Sequence[str], assigned: Mapping[str, JsonValue], scale: str) -> ScaledSearch:
    """Loads the search among the names.

    Raises:
        InputError: it is not the only name, or its file or the overrides have mistakes.
    """
    if len(names) > 1:
        raise InputError(Problem("command line", "names a search beside something else", "name it alone"))
    return load_search(names[0], scale, assigned)


def _search(
    names: Sequence[str], assigned: Mapping[str, JsonValue], scale: str, settings: Settings, store: Store
) -> Targets:
    from model.data.fingerprint import trial_fingerprint
    from orchestrator.search.study import SearchStudy

    search = read_search(names, assigned, scale)
    search = search.on_data(trial_fingerprint(settings.data, search.base))
    refuse_points_of_other_schemas(search, store)
    return Targets(search.sweep, search.search.paper, (), SearchStudy(search, store.storage))


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
    identity = store.trial(key).identity
    if identity is None:
        raise InputError(Problem(f"trial {key}", f"is not in {store.storage}", "`combo status EXPERIMENT` lists keys"))
    config = identity.config
    return Trial("", key, config.data.task, config.seed, 1, config)


def _only_paper(experiments: Sequence[ScaledExperiment]) -> str:
    papers = sorted({scaled.experiment.paper for scaled in experiments})
    if len(papers) > 1:
        raise InputError(Problem("command line", f"names experiments of {' and '.join(papers)}", "run them one by one"))
    return papers[0]
