"""Finds the targets that the words of a command line name, and prints the state of a search."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.overrides import parse_assignments
from orchestrator.cli.plain_text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.search.study import SearchStudy
    from orchestrator.settings import Settings
    from orchestrator.store.store import Store
    from orchestrator.targets import Targets


def find_targets(
    words: Sequence[str], scale: str, settings: Settings, store: Store, workers: int | None = None
) -> Targets:
    """Splits names from overrides and finds what the names stand for; says which of several trials cannot be told.

    Raises:
        InputError: see `orchestrator.targets.read_targets`.
    """
    from orchestrator.targets import read_targets

    assigned = parse_assignments(word for word in words if "=" in word)
    targets = read_targets([word for word in words if "=" not in word], assigned, scale, settings, store, workers)
    for problem in targets.problems:
        print(f"error: {printable(str(problem))}", file=sys.stderr)
    return targets


def find_runnable_targets(
    words: Sequence[str], scale: str, settings: Settings, store: Store, workers: int | None = None
) -> Targets:
    """As `find_targets`, for verbs that run trials: those need an experiment or a search, not keys of trials.

    Raises:
        InputError: as above, or trials are named by their keys.
    """
    from experiments.errors import InputError, Problem

    targets = find_targets(words, scale, settings, store, workers)
    if not targets.sweep:
        remedy = "name the experiment or the search that they are of"
        raise InputError(Problem("command line", "names trials by their keys", remedy))
    return targets


def names_search(words: Sequence[str]) -> bool:
    """Whether a search is among the words.

    Raises:
        InputError: a name stands for no file.
    """
    from experiments.table_names import without_table_names
    from experiments.target_files import read_target_file

    names = without_table_names(word for word in words if "=" not in word)
    return any(read_target_file(name).is_search for name in names)


def print_search_state(search: SearchStudy, console: Console) -> None:
    """Prints the state of a search and its best points."""
    from orchestrator.search.search_state import best_table, headline

    console.print(headline(search), style="bold", markup=False)
    if search.best():
        console.print(best_table(search))
