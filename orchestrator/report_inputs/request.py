"""Reads which tables, searches and figures a report is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from experiments.errors import InputError, Problem
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.load_search import load_search
from experiments.named_targets import is_paper_folder, named_targets
from experiments.paper_checks import paper_problems
from experiments.papers import Paper, papers_asked, papers_here, read_paper, refuse_equal_names
from experiments.scaled_experiment import SEEDS, ScaledExperiment
from experiments.scales import FULL
from experiments.searches import ScaledSearch
from experiments.settings_tables import Settings as SettingsTable
from experiments.settings_tables import settings_tables
from experiments.target_files import experiment_names, read_target_file, search_names
from orchestrator.planning.plan import DataNeed, trials_where_data_are
from reports.build import ReportedExperiment


@dataclass(frozen=True)
class Asked:
    """What is to be reported."""

    reported: tuple[ReportedExperiment, ...]
    settings: tuple[SettingsTable, ...]
    searches: tuple[ScaledSearch, ...]
    """Searches that are not bound to data; those without stored points are left out later."""
    unbound: Mapping[DataNeed, str]
    """Data that cannot be used, and why: trials that need them are found by configuration alone."""
    papers: tuple[Paper, ...]
    """Papers whose figures are shown."""
    is_everything: bool
    """Whether nothing but whole papers is reported: those that were named, or all where nothing was."""
    assigned: Mapping[str, JsonValue]
    """Settings laid over the experiments and searches."""
    scale: str

    def refuse_without_numbers(self) -> None:
        """Refuses what has no cell for a number of ours.

        Raises:
            InputError: no experiment is among it.
        """
        if not self.reported:
            raise InputError(Problem("command line", "names no table with numbers of ours", "such as combo/table7"))


def read_words(
    names: Sequence[str], assigned: Mapping[str, JsonValue], scale: str, data: Path, *, data_was_named: bool
) -> Asked:
    """Finds what the names stand for; no names stand for the paper in whose folder we are, or else all that ship.

    Args:
        names: of experiments, of tables such as `combo/3` or `combo/I`, of searches, or of the folders of papers.
        assigned: settings laid over the experiments and searches.
        scale: of all of them; where a whole paper is asked for, what lacks it is left out.
        data: the data folder that trials are bound to.
        data_was_named: whether the user named it, so that it must be usable.

    Raises:
        InputError: unknown names or scales, mistakes in files, overrides that do not fit, no usable data in a named
            folder.
    """
    if not names and assigned.keys() - {SEEDS}:
        raise InputError(Problem("command line", "names no experiment to lay settings over", "such as combo/table7"))
    whole = [read_paper(Path(name)) for name in names if is_paper_folder(name)] if names else [*papers_asked()]
    refuse_equal_names(whole)
    known = settings_tables(dict.fromkeys([*whole, *papers_here()]))
    tables = {f"{one.paper.name}/{one.table.number}": one for one in known}
    settings = [one for name, one in tables.items() if one.paper in whole or name in names]
    others = named_targets(name for name in names if name not in tables and not is_paper_folder(name))
    named_searches = [name for name in others if read_target_file(name).is_search]
    experiments = [load_experiment(name, scale, assigned) for name in others if name not in named_searches]
    experiments += [one for paper in whole for one in _experiments_of(paper, scale, assigned)]
    # Seeds are for experiments, a search has one. Where nothing but searches is named they are refused.
    for_searches = {key: value for key, value in assigned.items() if key != SEEDS or not experiments}
    searches = [load_search(name, scale, for_searches) for name in named_searches]
    searches += _searches_of(whole, scale, for_searches)
    if scale != FULL and whole and not experiments:
        raise InputError(Problem(f"--scale {scale}", "is a scale of no experiment", "such as smoke"))
    reported, unbound = _bind(experiments, data)
    bound = any(trial.config.data.fingerprint for one in reported for trial in one.trials)
    if data_was_named and unbound and not bound:
        raise InputError(*(Problem(str(data), why) for why in unbound.values()))
    papers = tuple(dict.fromkeys([*whole, *(one.scaled.paper for one in reported)]))
    refuse_equal_names(papers)
    if problems := [problem for paper in papers if not paper.ships for problem in paper_problems(paper)]:
        raise InputError(*problems)
    is_everything = bool(whole) and not others
    return Asked(tuple(reported), tuple(settings), tuple(searches), unbound, papers, is_everything, assigned, scale)


def _experiments_of(paper: Paper, scale: str, assigned: Mapping[str, JsonValue]) -> Iterator[ScaledExperiment]:
    """The experiments of a paper at a scale, but for those that lack it."""
    for name in experiment_names([paper]):
        scaled = load_experiment(name, assigned=assigned)
        if scale == FULL:
            yield scaled
        elif scale in scaled.experiment.scales:
            yield load_experiment(name, scale, assigned)


def _searches_of(papers: Sequence[Paper], scale: str, assigned: Mapping[str, JsonValue]) -> Iterator[ScaledSearch]:
    """The searches of some papers at a scale, but for those that lack it."""
    for name in search_names(papers):
        search = load_search(name, assigned=assigned)
        if scale == FULL:
            yield search
        elif scale in search.search.scales:
            yield load_search(name, scale, assigned)


def _bind(experiments: Sequence[ScaledExperiment], data: Path) -> tuple[list[ReportedExperiment], dict[DataNeed, str]]:
    trials, unbound = trials_where_data_are(experiments, data, None)
    reported, start = [], 0
    for scaled in experiments:
        count = len(expand(scaled))
        reported.append(ReportedExperiment(scaled, trials[start : start + count]))
        start += count
    return reported, unbound
