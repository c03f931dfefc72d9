"""Finding the weights that a user names."""

from __future__ import annotations

import re
from pathlib import Path

from experiments.errors import InputError, Problem
from experiments.records import TRIAL_FILE
from model.weights.stored_model import StoredModel, read_stored_model
from orchestrator.store import Store, TrialFolder

TRIAL_KEY = re.compile(r"[0-9a-f]{16}")


def find_stored_model(name: str, store: Store) -> StoredModel:
    """The weights behind a name, with their checksums verified.

    Args:
        name: a checkpoint folder, a trial folder or a trial key (the weights that were tested), or the name of an
            imported checkpoint in the storage.
        store: where trials and imported checkpoints lie.

    Raises:
        InputError: the trial has no result, or nothing has this name.
        CheckpointError: the folder is damaged or describes no model.
    """
    path = Path(name)
    if TRIAL_KEY.fullmatch(name) and not path.exists():
        return read_stored_model(_tested(store.trial(name)))
    if (path / TRIAL_FILE).is_file():
        return read_stored_model(_tested(TrialFolder(path)))
    if path.is_file():
        raise InputError(Problem(name, "is a file, not a checkpoint folder", "import it with 'combo model import'"))
    imported = store.imported / name
    if not path.exists() and imported.is_dir():
        return read_stored_model(imported)
    if not path.is_dir():
        remedy = "give a checkpoint folder, a trial key, or the name of an imported checkpoint"
        raise InputError(Problem(f"checkpoint '{name}'", "does not exist", remedy))
    return read_stored_model(path)


def _tested(folder: TrialFolder) -> Path:
    result = folder.result
    if result is None:
        raise InputError(Problem(f"trial {folder.path.name}", "has no result in this storage", "run it to its end"))
    return folder.path / result.checkpoint
