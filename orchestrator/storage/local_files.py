"""Files below a folder of this machine, which other processes may change meanwhile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
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
    for file in _walk(root / prefix):
        with suppress(FileNotFoundError):
            found[file.path[start:]] = file.stat(follow_symlinks=False).st_size
    return found


def names_below(root: Path, prefix: str) -> list[str]:
    """The same names alone, which takes less time."""
    root = root.absolute()
    start = len(f"{root}/")
    return [file.path[start:] for file in _walk(root / prefix)]


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """As `os.walk`, which takes twice as long."""
    folders = [str(folder)]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    folders.append(one.path)
                elif not _leads_to_folder(one):
                    yield one


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle, or to where nobody may look
        return False


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
