"""Finds the targets that the words of a command line name, and prints the state of a search."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.overrides import names_and_assignments
from orchestrator.cli.plain_text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from model.data.errors import DataError
    from orchestrator.search.study import SearchStudy
    from orchestrator.settings import Settings
    from orchestrator.store.store import Store
    from orchestrator.targets import Targets


def find_targets(words: Sequence[str], scale: str, settings: Settings, store: Store) -> Targets:
    """Splits names from overrides and finds what the names stand for; says which of several trials cannot be told.

    Where the data folder cannot be used, the storage tells on which data the trials are, and the user is told so. The
    documents of the trials are fetched; all there are, if one of the names is a search.

    Raises:
        DataError: the data folder cannot be used, and none of the trials is stored on any data.
        InputError: see `orchestrator.targets.read_targets`.
    """
    from experiments.identity import TRIAL_KEY
    from model.data.errors import DataError

    if all(TRIAL_KEY.fullmatch(word) for word in words):
        store.refresh(words)
        return _read(words, scale, settings, store)
    is_search = names_search(words)
    if is_search:
        store.refresh()
    try:
        targets = _read(words, scale, settings, store)
    except DataError as error:
        return _read_stored(words, scale, store, error)
    if not is_search:
        targets.refresh(store)
    return targets


def _read(words: Sequence[str], scale: str, settings: Settings, store: Store) -> Targets:
    from orchestrator.targets import read_targets

    names, assigned = names_and_assignments(words)
    targets = read_targets(names, assigned, scale, settings, store)
    for problem in targets.problems:
        print(f"error: {printable(str(problem))}", file=sys.stderr)
    return targets


def _read_stored(words: Sequence[str], scale: str, store: Store, error: DataError) -> Targets:
    from orchestrator.targets import read_targets_on_stored_data

    store.refresh()
    names, assigned = names_and_assignments(words)
    targets = read_targets_on_stored_data(names, assigned, scale, store, error)
    told = "trials are looked up on the data that they were trained on, as the data here cannot be used"
    print(f"{told}: {printable(str(error))}", file=sys.stderr)
    return targets


def names_search(words: Sequence[str]) -> bool:
    """Whether a search is among the words.

    Raises:
        InputError: a name stands for no file.
    """
    from experiments.named_targets import named_targets
    from experiments.target_files import read_target_file

    names = named_targets(word for word in words if "=" not in word)
    return any(read_target_file(name).is_search for name in names)


def print_search_state(search: SearchStudy, console: Console) -> None:
    """Prints the state of a search and its best points."""
    from orchestrator.search.search_state import best_table, headline

    console.print(headline(search), style="bold", markup=False)
    if search.best():
        console.print(best_table(search))
