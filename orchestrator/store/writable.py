"""Checks that a storage can be written before anything is started."""

from __future__ import annotations

import uuid

from experiments.errors import InputError, Problem
from orchestrator.storage.errors import OUT_OF_SPACE
from orchestrator.storage.storage import Storage


def refuse_unwritable(storage: Storage) -> None:
    """Writes an empty file and deletes it.

    Raises:
        InputError: this user may not write there, or nobody can.
        StorageError: the bucket refuses.
        OSError: the disk is full.
    """
    name = f"probe-{uuid.uuid4().hex}"
    try:
        storage.write(name, b"")
        storage.delete(name)
    except OSError as error:
        if error.errno in OUT_OF_SPACE:
            raise
        remedy = "check the place and its permissions, or name another one with --storage"
        raise InputError(Problem(f"storage '{storage}'", f"cannot be written: {error.strerror}", remedy)) from None
