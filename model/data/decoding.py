"""Reading a file, then making sense of it: only the second can be the file's own fault."""

from __future__ import annotations

import errno
import io
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from model.data.errors import FileError, UnreadableError

Decoded = TypeVar("Decoded")
MOST_BYTES = 2**31
"""Most bytes of one file of a clip. The largest are the masks of a proposer, some hundred of a megabyte each."""

OF_THE_MACHINE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors on opening a file that the next file would meet as well."""


def read_decoded(
    path: Path, decode: Callable[[BinaryIO], Decoded], problem: Callable[[Exception], str], missing: str, damaged: str
) -> Decoded:
    """What a file holds.

    Args:
        path: the file.
        decode: makes sense of the file's bytes; whatever it raises about them becomes a `FileError`.
        problem: what is wrong with a file over which `decode` stumbled so, to follow its name.
        missing: what to do if there is no file.
        damaged: what to do if `decode` stumbles.

    Raises:
        FileError: the file is missing, no regular file, far too large or cannot be decoded, which depends on the data
            only.
        UnreadableError: this machine could not read it now, for want of permission or of a sound disk.
        OSError: this machine could not open any file now.
        MemoryError: this machine has not enough memory for it now.
    """
    content = read_content(path, missing, damaged)
    try:
        return decode(io.BytesIO(content))
    except (FileError, MemoryError):
        raise
    except Exception as error:
        # The bytes are in memory: an error number can only come from the machine, say of a decoder that is loaded late.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FileError(path, "unreadable", problem(error), damaged) from None


def read_content(path: Path, missing: str, damaged: str) -> bytes:
    """The bytes of a file of a clip.

    Args:
        path: the file.
        missing: what to do if there is no file.
        damaged: what to do if it is no file of a clip.

    Raises:
        FileError: see `read_decoded`, as for the other errors.
    """
    try:
        _refuse_odd_kind(path, damaged)
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise FileError(path, "missing", "is missing", missing) from None
    except OSError as error:
        if error.errno in OF_THE_MACHINE:
            raise
        raise UnreadableError(error.errno, error.strerror, str(path)) from None


def _refuse_odd_kind(path: Path, damaged: str) -> None:
    """A pipe would be waited for, a device read for ever."""
    kind = path.stat()
    if stat.S_ISDIR(kind.st_mode):
        raise FileError(path, "unreadable", "is a folder", damaged)
    if not stat.S_ISREG(kind.st_mode):
        raise FileError(path, "unreadable", "is no regular file", damaged)
    if kind.st_size > MOST_BYTES:
        problem = f"has {kind.st_size / 2**20:.0f} MiB, more than any file of a clip"
        raise FileError(path, "unreadable", problem, damaged)
