"""Whether there is a storage at all: a mistyped name must not look like one in which all is well."""

from __future__ import annotations

from experiments.errors import InputError, Problem
from experiments.records import EVALUATIONS, STORAGE_FILE, TRIALS
from orchestrator.storage.storage import Storage
from orchestrator.store.store import IMPORTED

HELD = (TRIALS, EVALUATIONS, IMPORTED)
"""Folders of which every storage has one, those from before storages had an id included."""


def refuse_absent(storage: Storage) -> None:
    """Looks for what a storage holds. Reads only.

    Raises:
        InputError: nothing of a storage is there.
        StorageError: the bucket refuses.
    """
    if storage.read(STORAGE_FILE) is None and not any(storage.sizes(folder) for folder in HELD):
        remedy = "name the storage with --storage; `combo run` makes a new one"
        raise InputError(Problem(f"storage '{storage}'", "is not there, or holds no trials", remedy))
