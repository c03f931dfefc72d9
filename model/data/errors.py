"""The mistakes this package reports: data that cannot be used."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Fault = Literal["missing", "unreadable", "mode", "size", "values", "length", "silent"]
"""What can be wrong with one file of a clip."""


class DataError(ValueError):
    """Data or a data request that cannot be used. Its one sentence says what is wrong, where, and what to do."""


class FileError(DataError):
    """One file of a clip that cannot be used.

    Args:
        path: the file.
        fault: what kind of fault it has.
        problem: what is wrong with it, to follow its name.
        remedy: what to do.
    """

    def __init__(self, path: Path, fault: Fault, problem: str, remedy: str) -> None:
        super().__init__(f"{path} {problem}: {remedy}")
        self.path, self.fault, self.problem, self.remedy = path, fault, problem, remedy

    def __reduce__(self) -> tuple[type[FileError], tuple[Path, Fault, str, str]]:
        """Lets the error come back from another process."""
        return FileError, (self.path, self.fault, self.problem, self.remedy)


class UnreadableError(OSError):
    """One file that is there, but that this machine or this user cannot read now: no fault of the clip."""

    def __str__(self) -> str:
        """One sentence."""
        return f"{self.filename} cannot be read here ({self.strerror}): {MAKE_READABLE}"


class UnwritableError(OSError):
    """A folder in which this user or machine cannot write."""

    def __str__(self) -> str:
        """One sentence."""
        remedy = "make it writable, or name another folder for what is made with --derived DIR"
        return f"{self.filename} cannot be written ({self.strerror}): {remedy}"


MAKE_READABLE = "let this user read it (chmod, chown), or see to the disk"
READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Says in a sentence that the folder of a file cannot be written.

    Raises:
        UnwritableError: instead of the error that says so in numbers; others pass.
    """
    try:
        yield
    except (UnreadableError, UnwritableError):
        raise
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise
        raise UnwritableError(error.errno, error.strerror, str(path.parent)) from None
