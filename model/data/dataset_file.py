"""`dataset.json` beside an index: how synthetic data were asked for, or what a data set of one's own holds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from model.atomic_writes import atomic_file
from model.config import Task
from model.data.errors import DataError, writing
from model.data.index import read_index
from model.data.layout import SPLITS, clip_files
from model.data.pictures import measured
from model.data.remedies import remedy_for_missing

DATASET_FILE = "dataset.json"
"""Released data have none."""
SPLIT_SIZES = "splits"
"""Key of a declaration; what synthetic data write has none of this name."""


def read_dataset_file(root: Path) -> dict[str, Any] | None:
    """What `dataset.json` says; None where there is none.

    Raises:
        DataError: it is no JSON object.
    """
    path = root / DATASET_FILE
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise damaged(root)
    return found


def damaged(root: Path) -> DataError:
    """What to say of a `dataset.json` that makes no sense."""
    path = root / DATASET_FILE
    return DataError(f"{path} is damaged: restore it, or delete it if the data are the published ones")


def describe(root: Path, task: Task, size: int | None) -> dict[str, Any]:
    """Declares that a data set of one's own holds as many clips as its index lists now, and writes that down.

    Args:
        root: the subset root.
        task: which subset's layout it has.
        size: side of its pictures, pixels; None: that of the first frame.

    Returns:
        What was written.

    Raises:
        DataError: the data are synthetic and describe themselves, or the index or the first frame cannot be used.
        UnwritableError: the folder cannot be written.
    """
    known = read_dataset_file(root)
    if known is not None and SPLIT_SIZES not in known:
        raise DataError(f"{root / DATASET_FILE} describes synthetic data already: leave it as it is")
    counts = Counter(entry.split for entry in read_index(root, task))
    described = {
        "task": task,
        "size": size or _side_of_first_frame(root, task),
        SPLIT_SIZES: {split: counts[split] for split in SPLITS},
    }
    with writing(root / DATASET_FILE), atomic_file(root / DATASET_FILE) as draft:
        draft.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    return described


def _side_of_first_frame(root: Path, task: Task) -> int:
    entries = read_index(root, task)
    if not entries:
        raise DataError(f"the index of {root} lists no clips: nothing is there to describe")
    files = clip_files(task, root, entries[0])
    width, height = measured(files.frames[0], remedy_for_missing(files.frames[0], files, task))
    if width != height:
        raise DataError(f"{files.frames[0]} is {width}x{height}, no square: state the side of the pictures with --size")
    return width
