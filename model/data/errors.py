"""The mistakes this package reports: data that cannot be used."""

from __future__ import annotations

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


MAKE_READABLE = "let this user read it (chmod, chown), or see to the disk"
