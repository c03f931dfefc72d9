"""Can trials be stored, read, leased by exactly one of several processes, and deleted?"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.doctor.finding import Finding, fail, ok, warn
from orchestrator.storage.errors import StorageError
from orchestrator.storage.storage import Storage

RIVALS = 4
GIB = 1024**3
LEAST_FREE = 10 * GIB
"""Training states of COMBO-R50 take 1 GiB apiece with the optimiser's."""
CURES = "check the place, its permissions, and the credentials in this environment; or name another with --storage"


def look_at_storage(storage: Storage) -> Finding:
    """Writes, reads, leases and deletes small files below `doctor/`, which is gone afterwards."""
    began = time.monotonic()
    try:
        with _nothing_left(storage):
            wrong = _try(storage, f"doctor/{uuid.uuid4().hex}")
    except (StorageError, OSError) as error:
        return fail(f"{storage}: {error}", CURES)
    if wrong is not None:
        return wrong
    return ok(f"{storage}: write, read, lease and delete work, in {1000 * (time.monotonic() - began):.0f} ms together")


def look_at_free_space(storage: Storage) -> Finding:
    """Free space where checkpoints are written first."""
    folder = _nearest(storage.root)
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        return warn(f"{free / GIB:.1f} GiB free in {folder}", "free some, delete checkpoints with combo gc --delete")
    return ok(f"{free / GIB:.0f} GiB free in {folder}")


def _try(storage: Storage, folder: str) -> Finding | None:
    """What does not work, or None."""
    try:
        storage.write(f"{folder}/file", b"first")
        storage.write(f"{folder}/file", b"second")
        if storage.read(f"{folder}/file") != b"second":
            return fail(f"{storage}: what was written is not what is read", "use a storage that is consistent")
        with ThreadPoolExecutor(RIVALS) as pool:
            created = list(pool.map(lambda rival: storage.create(f"{folder}/lease", b"%d" % rival), range(RIVALS)))
        if sum(created) != 1:
            what = f"{sum(created)} of {RIVALS} could create the same name"
            cure = (
                "use a folder with hard links, or an S3 server that honours If-None-Match: two runs could train a trial"
            )
            return fail(f"{storage}: {what}", cure)
        if sorted(storage.names(folder)) != [f"{folder}/file", f"{folder}/lease"]:
            return fail(f"{storage}: does not list what was written", "use a storage that is consistent")
    finally:
        storage.delete(folder)
    if storage.names(folder):
        return fail(f"{storage}: files cannot be deleted", "allow this user to delete there, or combo gc frees nothing")
    return None


@contextmanager
def _nothing_left(storage: Storage) -> Iterator[None]:
    """Removes the folders that the test made, as far as they are empty, and no others."""
    probe = storage.root / "doctor"
    made = [folder for folder in (probe, *probe.parents) if not folder.exists()]
    try:
        yield
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def _nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
