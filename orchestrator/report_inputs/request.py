"""Reads which tables, searches and figures a report is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import JsonValue

from experiments.errors import InputError, Problem
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.load_search import load_search
from experiments.scaled_experiment import FULL, SEEDS, ScaledExperiment
from experiments.schema import Paper
from experiments.searches import ScaledSearch
from experiments.settings_tables import Settings as SettingsTable
from experiments.settings_tables import settings_tables
from experiments.table_names import without_table_names
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
    assigned: Mapping[str, JsonValue]
    """Settings laid over the experiments and searches."""
    scale: str


def read_words(
    names: Sequence[str], assigned: Mapping[str, JsonValue], scale: str, data: Path, *, data_was_named: bool
) -> Asked:
    """Finds what the names stand for; no names stand for everything that ships with the package.

    Args:
        names: of experiments, of tables such as `combo/3` or `combo/I`, or of searches.
        assigned: settings laid over the experiments and searches.
        scale: of all of them; where everything is asked for, those that lack it are left out.
        data: the data folder that trials are bound to.
        data_was_named: whether the user named it, so that it must be usable.

    Raises:
        InputError: unknown names or scales, mistakes in files, overrides that do not fit, no usable data in a named
            folder.
    """
    if not names and assigned.keys() - {SEEDS}:
        raise InputError(Problem("command line", "names no experiment to lay settings over", "such as combo/table7"))
    tables = {f"{one.table.paper}/{one.table.number}": one for one in settings_tables()}
    settings = [tables[name] for name in names if name in tables] if names else list(tables.values())
    others = without_table_names(name for name in names if name not in tables)
    named_searches = [name for name in others if read_target_file(name).is_search]
    experiments = [load_experiment(name, scale, assigned) for name in others if name not in named_searches]
    # Seeds are for experiments, a search has one. Where nothing but searches is named they are refused.
    for_searches = {key: value for key, value in assigned.items() if key != SEEDS or not experiments}
    searches = [load_search(name, scale, for_searches) for name in named_searches]
    if not names:
        searches = [search for name in search_names() if (search := _search_at_scale(name, scale))]
        found = (_at_scale(name, scale, assigned) for name in experiment_names())
        papers = get_args(Paper)
        experiments = sorted(
            (scaled for scaled in found if scaled), key=lambda scaled: papers.index(scaled.experiment.paper)
        )
    if scale != FULL and not names and not experiments:
        raise InputError(Problem(f"--scale {scale}", "is a scale of no experiment", "such as smoke"))
    reported, unbound = _bind(experiments, data)
    bound = any(trial.config.data.fingerprint for one in reported for trial in one.trials)
    if data_was_named and unbound and not bound:
        raise InputError(*(Problem(str(data), why) for why in unbound.values()))
    shown = get_args(Paper) if not names else ()
    return Asked(tuple(reported), tuple(settings), tuple(searches), unbound, shown, assigned, scale)


def _at_scale(name: str, scale: str, assigned: Mapping[str, JsonValue]) -> ScaledExperiment | None:
    """An experiment at a scale; None if it lacks the scale."""
    scaled = load_experiment(name, assigned=assigned)
    if scale == FULL:
        return scaled
    return load_experiment(name, scale, assigned) if scale in scaled.experiment.scales else None


def _search_at_scale(name: str, scale: str) -> ScaledSearch | None:
    """A search at a scale; None if it lacks the scale."""
    search = load_search(name)
    if scale == FULL:
        return search
    return load_search(name, scale) if scale in search.search.scales else None


def _bind(experiments: Sequence[ScaledExperiment], data: Path) -> tuple[list[ReportedExperiment], dict[DataNeed, str]]:
    trials, unbound = trials_where_data_are(experiments, data, None)
    reported, start = [], 0
    for scaled in experiments:
        count = len(expand(scaled))
        reported.append(ReportedExperiment(scaled, trials[start : start + count]))
        start += count
    return reported, unbound
