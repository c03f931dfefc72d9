"""Declares what a data set of one's own holds, in its `dataset.json`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from model.atomic_writes import atomic_file
from model.config import Task
from model.data.dataset_file import DATASET_FILE, SPLIT_SIZES, read_dataset_file
from model.data.errors import DataError, writing
from model.data.index import read_index
from model.data.layout import SPLITS, clip_files
from model.data.pictures import measured
from model.data.remedies import remedy_for_missing


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
