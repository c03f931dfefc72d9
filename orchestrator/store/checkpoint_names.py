"""Finding the weights that a user names; imports nothing heavy, so that a wrong name is said at once."""

from __future__ import annotations

import re
from pathlib import Path

from experiments.errors import InputError, Problem
from experiments.identity import TRIAL_KEY
from experiments.records import TRIAL_FILE
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.store.trial_folder import TrialFolder

IMPORTED_NAME = re.compile(r"[^./\\][^/\\]*")
"""One folder's name; what leads elsewhere is none."""


def checkpoint_folder(name: str, store: Store) -> Path:
    """The folder of the weights behind a name; those in a bucket are fetched.

    Args:
        name: a checkpoint folder, a trial folder or a trial key (the weights that were tested), or the name of an
            imported checkpoint in the storage.
        store: where trials and imported checkpoints lie.

    Raises:
        InputError: the trial has no result, its result is damaged, or nothing has this name.
    """
    path = Path(name)
    if TRIAL_KEY.fullmatch(name) and not path.exists():
        return _tested(store.trial(name))
    if (path / TRIAL_FILE).is_file():
        folder = path.absolute()
        return _tested(TrialFolder(FolderStorage(folder.parent), folder.name))
    if path.is_file():
        raise InputError(Problem(name, "is a file, not a checkpoint folder", "import it with 'combo model import'"))
    if not path.exists() and IMPORTED_NAME.fullmatch(name):
        store.fetch_imported(name)
        if (store.imported / name).is_dir():
            return store.imported / name
    if not path.is_dir():
        remedy = "give a checkpoint folder, a trial key, or the name of an imported checkpoint"
        raise InputError(Problem(f"checkpoint '{name}'", "does not exist", remedy))
    return path


def _tested(folder: TrialFolder) -> Path:
    checkpoint = folder.fetch_tested_checkpoint()
    if checkpoint is None:
        raise InputError(Problem(f"trial {folder.path.name}", "has no result in this storage", "run it to its end"))
    return checkpoint
