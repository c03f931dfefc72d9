"""Folders of this machine that belong to one process and go with it, even if it is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
import weakref
from contextlib import suppress
from pathlib import Path
from typing import IO

from orchestrator.storage.local_files import home_expanded

LOCK = ".lock"


def cache_folder() -> Path:
    """Where copies of buckets and decoded clips lie: `COMBO_CACHE`, or `combo-lab` in the user's cache folder."""
    place = os.environ.get("COMBO_CACHE")
    if place:
        return home_expanded(place, "COMBO_CACHE").absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "combo-lab"


def new_scratch(around: Path) -> Path:
    """A new folder of this process; what processes that are no more have left beside it is removed first."""
    around.mkdir(parents=True, exist_ok=True, mode=0o700)
    remove_orphans(around)
    folder = around / uuid.uuid4().hex
    folder.mkdir(mode=0o700)
    return folder


def tie(folder: Path, owner: object) -> None:
    """Makes a folder go when an object does, or the process, however that ends.

    Args:
        folder: the folder of `new_scratch`.
        owner: whoever uses it.
    """
    lock = _locked(folder)
    weakref.finalize(owner, _remove, folder, lock, os.getpid())


def remove_orphans(around: Path) -> None:
    """Removes the folders whose processes are no more: the system has given up their locks."""
    for path in around.glob(f"*{LOCK}"):
        with suppress(OSError), path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink()


def _locked(folder: Path) -> IO[bytes]:
    """The open lock of a folder; it is locked before it can be seen, so that nobody takes it for an orphan's."""
    draft = folder.with_name(f".{folder.name}.draft")
    lock = draft.open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    draft.rename(folder.with_suffix(LOCK))
    return lock


def _remove(folder: Path, lock: IO[bytes], owner: int) -> None:
    # A forked process inherits the object, not the folder.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(LOCK).unlink(missing_ok=True)
    lock.close()
