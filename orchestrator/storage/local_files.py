"""Files below a folder of this machine, which other processes may change meanwhile."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from experiments.errors import InputError, Problem


def home_expanded(named: str, where: str) -> Path:
    """A path as a user gave it, its leading `~` expanded, which no shell may have seen.

    Args:
        named: the path.
        where: it was named, for messages.

    Raises:
        InputError: there is no such user.
    """
    try:
        return Path(named).expanduser() if named.startswith("~") else Path(named)
    except RuntimeError:
        raise InputError(Problem(where, "names the home of an unknown user", "write the path out")) from None


def files_below(root: Path, prefix: str) -> dict[str, int]:
    """Bytes of each file below `root / prefix`, by its name relative to the root; links to folders are not followed."""
    found: dict[str, int] = {}
    root = root.absolute()
    start = len(f"{root}/")
    for folder, _, names in os.walk(root / prefix):
        for name in names:
            path = f"{folder}/{name}"  # of tens of thousands of files: `Path` would take most of the time
            with suppress(FileNotFoundError):
                found[path[start:]] = os.lstat(path).st_size
    return found


def delete_local(path: Path) -> None:
    """Deletes a file, a link or a folder; what is not there is no error."""
    with suppress(FileNotFoundError, NotADirectoryError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def delete_if_empty(folder: Path) -> bool:
    """Deletes a folder that holds nothing; says whether it did."""
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
