"""Which subsets of AVSBench are there, and can they be trained on?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import get_args

from model.config import Task
from model.data.errors import DataError
from orchestrator.doctor.finding import Finding, fail, ok, warn

TASKS: tuple[Task, ...] = get_args(Task)
SYNTHESISE = "to try everything without the data: combo data synth --subset {task} --out {data} --clips 300 --size 64"


def look_at_subset(data: Path, task: Task) -> Finding:
    """Counts the clips of a subset, and the files that are missing; reads none of them.

    That one subset is not there is no failure; where none is, the first one fails for all.

    Args:
        data: the data folder.
        task: which subset.
    """
    from model.data.expectation import expectation_of
    from model.data.fingerprint import data_fingerprint
    from model.data.index import read_index, subset_root
    from model.data.layout import SPLITS

    try:
        root = subset_root(data, task)
    except DataError:
        what, cure = f"not in {data}", SYNTHESISE.format(task=task, data=data)
        is_enough = task != TASKS[0] or any(_is_there(data, other) for other in TASKS)
        return warn(what, cure) if is_enough else fail(what, cure)
    check = f"combo data check {data} --subset {task}"
    try:
        expected = expectation_of(root, task)
        counts = Counter(entry.split for entry in read_index(root, task))
        data_fingerprint(data, task, size=expected.size)
    except DataError as error:
        return fail(str(error), f"see all that is missing with: {check}")
    clips = " / ".join(f"{counts[split]} {split}" for split in SPLITS)
    if counts != expected.clips:
        there = " / ".join(str(expected.clips[split]) for split in SPLITS)
        return warn(f"{clips} clips in {root}, of {there}", f"see what differs with: {check}")
    return ok(f"{clips} clips in {root}" + (", synthetic" if expected.synthesis else ""))


def _is_there(data: Path, task: Task) -> bool:
    from model.data.index import subset_root

    try:
        subset_root(data, task)
    except DataError:
        return False
    return True
