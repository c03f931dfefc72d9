"""Reading a file, then making sense of it: only the second can be the file's own fault."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from model.data.errors import FileError

Decoded = TypeVar("Decoded")


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
        FileError: the file is missing or cannot be decoded, which depends on the data only.
        OSError: this machine could not read it now, for want of open files, of permission or of a sound disk.
        MemoryError: this machine has not enough memory for it now.
    """
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise FileError(path, "missing", "is missing", missing) from None
    except IsADirectoryError:
        raise FileError(path, "unreadable", "is a folder", damaged) from None
    try:
        return decode(io.BytesIO(content))
    except (FileError, MemoryError):
        raise
    except Exception as error:
        # The bytes are in memory: an error number can only come from the machine, say of a decoder that is loaded late.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FileError(path, "unreadable", problem(error), damaged) from None
