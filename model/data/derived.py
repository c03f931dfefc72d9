"""What is made from a data folder can lie elsewhere: a folder of links to the data, with the made files between them.

Such a folder is a data folder like any other, for the loader, the fingerprint and the check.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

from model.config import Task
from model.data.errors import DataError
from model.data.index import subset_root
from model.data.layout import AVSS_SECONDS, INDEX_FILES, PREPARED, SUBSET_FOLDERS

MADE = ("pre_", PREPARED)
"""How the names of folders begin in which files are made: Maskiges, and AVSS pictures of the network's size."""
LOG_MELS = "audio_log_mel"


def lay_over(data: Path, task: Task, derived: Path) -> Path:
    """Makes or completes a folder of links to a subset; what lies in it already stays.

    Folders in which nothing is ever made become one link each, the others are folders with a link for every file. The
    other subsets of the data become one link each, so that the folder stands for all of the data.

    Args:
        data: data root or subset root, see `subset_root`; nothing is written there.
        task: which subset.
        derived: the folder.

    Returns:
        The subset's root in it.

    Raises:
        DataError: the subset is not there, one of the folders lies in the other, or this one belongs to other data.
        OSError: a folder cannot be listed, or a link not be made.
    """
    source, place = subset_root(data, task).resolve(), derived.absolute() / SUBSET_FOLDERS[task]
    if source.is_relative_to(derived.resolve()) or derived.resolve().is_relative_to(source):
        raise DataError(f"{derived} and {source} lie in each other: name a folder beside the data with --derived")
    _refuse_other_data(data, derived)
    for other in get_args(Task):
        _link_whole(data, other, derived)
    if place.is_symlink():
        place.unlink()
    _lay(source, place, task, ())
    return place


def data_with_derived(data: Path, derived: Path) -> Path:
    """The folder to read: the derived one, or the data themselves as long as nothing was made there.

    Raises:
        DataError: the derived folder belongs to other data.
    """
    _refuse_other_data(data, derived)
    has_any = any((derived / SUBSET_FOLDERS[task] / INDEX_FILES[task]).exists() for task in get_args(Task))
    return derived if has_any else data


def _refuse_other_data(data: Path, derived: Path) -> None:
    for task in get_args(Task):
        index = derived / SUBSET_FOLDERS[task] / INDEX_FILES[task]
        if not os.path.lexists(index):
            continue
        origin = index.resolve().parent
        if _origin(data, task) not in (None, origin):
            raise DataError(f"{derived} was made for the data in {origin}, not for {data}: name another folder")


def _origin(data: Path, task: Task) -> Path | None:
    """Where a subset's index really lies, through all links; None if it is not there."""
    try:
        return (subset_root(data, task) / INDEX_FILES[task]).resolve().parent
    except DataError:
        return None


def _link_whole(data: Path, task: Task, derived: Path) -> None:
    place = derived.absolute() / SUBSET_FOLDERS[task]
    if _origin(data, task) is not None and not os.path.lexists(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(subset_root(data, task).resolve())


def _lay(source: Path, place: Path, task: Task, below: tuple[str, ...]) -> None:
    """Folders first: the index file, by which a subset is known, appears last."""
    place.mkdir(parents=True, exist_ok=True)
    with os.scandir(source) as items:
        ordered = sorted(items, key=lambda item: (not item.is_dir(), item.name))
    for item in ordered:
        own, parts = place / item.name, (*below, item.name)
        if item.is_dir() and _is_made_in(task, parts):
            _lay(Path(item.path), own, task, parts)
        elif not os.path.lexists(own):
            own.symlink_to(item.path)


def _is_made_in(task: Task, parts: tuple[str, ...]) -> bool:
    """Whether files may be made in a folder of a subset, or in one below it."""
    if any(part.startswith(MADE) or part == LOG_MELS for part in parts):
        return True
    if task == "avss":
        return parts[0] in AVSS_SECONDS and len(parts) <= len(("subset", "clip"))
    return parts == (f"{task}_data",)
