"""Files and folders that are there whole or not at all: made beside their place, flushed to disk, moved there."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import uuid
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

DRAFT = ".draft"
OLD = ".old"
"""Before `DRAFT` in the name of what is being deleted."""
TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
"""What systems answer when a folder is moved to where something is."""
FLUSHES = 16
"""At once."""


@contextmanager
def atomic_file(path: Path, *, flush: bool = True) -> Iterator[Path]:
    """A place for a file, which becomes `path` once the block is done, and leaves no trace if the block fails.

    Args:
        path: replaced if it exists; its folder is made as needed.
        flush: whether the content is on disk before. Else a machine that loses its power may leave a torn file, most
            often an empty one, which whoever reads it must notice.

    Raises:
        OSError: the folder cannot be made, or the file not be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(path)
    try:
        yield draft
        if flush:
            flush_to_disk([draft])
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty folder, which becomes `path` once the block is done, and leaves no trace if the block fails.

    What killed processes of this machine left of earlier tries is removed first.

    Args:
        path: absent or an empty folder by the end of the block.

    Raises:
        FileExistsError: something is at the place by then.
        OSError: the folder cannot be made or written.
    """
    place = path.resolve()
    draft = _folder_draft(place)
    for left in drafts(place.parent):
        if left == draft or _is_orphan(left, place):
            shutil.rmtree(left)
    draft.mkdir(parents=True)
    try:
        yield draft
        flush_to_disk([*draft.rglob("*"), draft])
        try:
            draft.rename(place)
        except OSError as error:
            if error.errno not in TAKEN:
                raise
            raise FileExistsError(errno.EEXIST, "something else was put there meanwhile", str(path)) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def delete_folder(path: Path) -> None:
    """Deletes a folder, which others see whole until it is gone.

    Raises:
        OSError: it is not there, or cannot be deleted.
    """
    old = path.with_name(f"{_stem(path)}{os.getpid()}{OLD}{DRAFT}")
    path.rename(old)
    shutil.rmtree(old)


def flush_to_disk(paths: Collection[Path]) -> None:
    """Returns once the system has written out the content of all files, and all folders' lists of names.

    All of them are asked for at once: most file systems then write their journal once, which is what takes long.

    Raises:
        OSError: one of them is not there, or cannot be written.
    """
    first, *others = paths
    with ThreadPoolExecutor(FLUSHES) as pool:
        flushes = [pool.submit(_flush, path) for path in others]
        _flush(first)
        for flush in flushes:
            flush.result()


def drafts(folder: Path) -> list[Path]:
    """Files and folders that are being made or deleted in a folder, or were when their process was killed."""
    return list(folder.glob(f".*{DRAFT}"))


def draft_of(path: Path) -> Path:
    """A place beside another in which no other thread or process writes."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}{DRAFT}")


def _folder_draft(path: Path) -> Path:
    """Named by its process, so that two that make the same never meet, and what a killed one left is known for it."""
    return path.with_name(f"{_stem(path)}{os.getpid()}{DRAFT}")


def _stem(path: Path) -> str:
    # A folder may be shared, and processes of two machines may have the same number.
    return f".{path.name}.{socket.gethostname()}."


def _is_orphan(draft: Path, path: Path) -> bool:
    """Whether a draft of `path` was begun by a process of this machine that is no more."""
    process = draft.name.removeprefix(_stem(path)).removesuffix(DRAFT).removesuffix(OLD)
    if not (draft.name.startswith(_stem(path)) and process.isdecimal()):
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it runs, under another user
        pass
    return False


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
