"""The id of a storage: written into it once, independent of its path, and copied along with it."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import Field, ValidationError

from experiments.errors import InputError, Problem
from experiments.records import STORAGE_FILE, Record
from orchestrator.storage.errors import StorageError
from orchestrator.storage.storage import Storage
from orchestrator.store.stored_documents import record_bytes


class StorageRecord(Record):
    """The stored identity of a storage."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


def storage_id(storage: Storage) -> str | None:
    """The id of a storage; None if nothing has been written to it since storages have one. Reads only.

    Raises:
        InputError: the record is damaged.
    """
    content = storage.read(STORAGE_FILE)
    if content is None:
        return None
    try:
        return StorageRecord.model_validate_json(content).id
    except ValidationError:
        remedy = "restore it from a copy of the storage; without it, a new id is given and MLflow's runs are made again"
        raise InputError(Problem(f"{address(storage)}/{STORAGE_FILE}", "is damaged", remedy)) from None


def ensure_storage_id(storage: Storage) -> str:
    """The id of a storage, created now if it has none; concurrent callers get the same one.

    Raises:
        InputError: the record is damaged.
        StorageError: it cannot be written.
    """
    known = storage_id(storage)
    if known is None:
        made = StorageRecord(id=uuid.uuid4().hex)
        try:
            is_ours = storage.create(STORAGE_FILE, record_bytes(made))
        except OSError as error:
            raise StorageError(f"{storage}: its id cannot be written: {error.strerror}") from None
        known = made.id if is_ours else storage_id(storage)
        assert known is not None  # somebody else was faster
    return known


def address(storage: Storage) -> str:
    """Canonical address of a storage, for people; mounts of one folder under two paths differ."""
    named = str(storage)
    return named if "://" in named else str(storage.root.resolve())
