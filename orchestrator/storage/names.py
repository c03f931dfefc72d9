"""Names of stored files: paths below the storage, with slashes. Nothing that leads elsewhere is one."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.storage.errors import StorageError

MANIFEST = "manifest.json"
"""Written last: a folder of tensors without it is half-written, and counts as absent."""
TENSORS = ".safetensors"


def check_name(name: str) -> str:
    """The name itself.

    Raises:
        StorageError: it leads out of the storage, or no file system could hold it.
    """
    if not is_name(name):
        raise StorageError(f"{name!r} is no name of a stored file: names are relative, without '..' and empty parts")
    return name


def check_folder(name: str) -> str:
    """The name of a folder itself; the storage as a whole has the empty one.

    Raises:
        StorageError: it leads out of the storage, or no file system could hold it.
    """
    return name and check_name(name)


def is_name(name: str) -> bool:
    """Whether a path is relative, says nothing twice, and stays below where it starts."""
    parts = name.split("/")
    return not any(part in ("", ".", "..") or "\0" in part or len(part.encode()) > 255 for part in parts)


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder around it, is a draft or another thing that no reader wants."""
    return any(part.startswith(".") for part in name.split("/"))


def countable(names: Iterable[str]) -> set[str]:
    """Those that readers shall see: no drafts, no half-written folders, nothing that a folder could not hold."""
    visible = {name for name in names if is_name(name) and not is_hidden(name)}
    folders = set[str]()
    for name in visible:
        folder = parent(name)
        while folder and folder not in folders:  # those around one that is known are known too
            folders.add(folder)
            folder = parent(folder)
    half_written = {
        parent(name) for name in visible if name.endswith(TENSORS) and f"{parent(name)}/{MANIFEST}" not in visible
    }
    return {name for name in visible if name not in folders and parent(name) not in half_written}


def parent(name: str) -> str:
    """Name of the folder around a file."""
    return name.rpartition("/")[0]
