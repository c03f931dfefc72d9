"""Opens regular files of a sane size and nothing else: a pipe would block, a device never ends."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

LARGEST_DOCUMENT = 2**24
"""Bytes; documents take a few thousand."""
LARGEST_TABLE = 2**28
"""Bytes of metrics, logs and scores; the metrics of 90,000 steps take 40 million."""


class UnsuitableFileError(OSError):
    """Where a file belongs is something else, or more than such a file can hold; `strerror` says what."""


def open_regular(path: Path, at_most: int | None = None) -> BinaryIO:
    """A regular file, open for reading bytes.

    Args:
        path: of the file, or of a link to it.
        at_most: bytes that it may hold; None for any number.

    Raises:
        UnsuitableFileError: it is no regular file, or larger.
        OSError: it is not there, or cannot be read.
    """
    check_regular(path, at_most)
    # Should a pipe take its place meanwhile, opening it does not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check(os.fstat(descriptor), path, at_most)
        return os.fdopen(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def read_regular(path: Path, at_most: int = LARGEST_DOCUMENT) -> bytes:
    """What a regular file holds; raises what `open_regular` raises."""
    with open_regular(path, at_most) as file:
        return file.read()


def check_regular(path: Path, at_most: int | None = None) -> None:
    """Looks whether `open_regular` would open a file, without opening it; raises the same."""
    _check(path.stat(), path, at_most)


def _check(state: os.stat_result, path: Path, at_most: int | None) -> None:
    if stat.S_ISDIR(state.st_mode):
        raise UnsuitableFileError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(state.st_mode):
        raise UnsuitableFileError(errno.EINVAL, "it is no regular file", str(path))
    if at_most is not None and state.st_size > at_most:
        told = f"it holds {state.st_size:,} bytes, and such a file at most {at_most:,}"
        raise UnsuitableFileError(errno.EFBIG, told, str(path))
