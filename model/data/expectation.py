"""What a subset should hold: the published numbers, or the plan of a synthetic one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from model.config import Task
from model.data.errors import DataError
from model.data.fingerprint import DATASET_FILE
from model.data.synthetic.plan import split_sizes

PUBLISHED_CLIPS: dict[Task, dict[str, int]] = {
    "s4": {"train": 3452, "val": 740, "test": 740},
    "ms3": {"train": 296, "val": 64, "test": 64},
    "avss": {"train": 8498, "val": 1304, "test": 1554},
}
PUBLISHED_SIZE = 224


@dataclass(frozen=True)
class Expectation:
    """What a subset should hold."""

    clips: dict[str, int]
    """By split."""
    size: int
    """Side of the pictures, pixels."""
    synthesis: str | None
    """The command that wrote a synthetic subset; None if it was published."""


def expectation_of(root: Path, task: Task) -> Expectation:
    """Looks for the plan of a synthetic subset; without one the subset is a published one.

    Args:
        root: the subset root.
        task: which subset.

    Raises:
        DataError: if `dataset.json` is there, but damaged or of another subset.
    """
    path = root / DATASET_FILE
    if not path.exists():
        return Expectation(PUBLISHED_CLIPS[task], PUBLISHED_SIZE, None)
    try:
        plan = json.loads(path.read_text())
        planned_task, clips, seed, size = (plan[key] for key in ("task", "clips", "seed", "size"))
        sizes, size = split_sizes(int(clips)), int(size)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise DataError(f"{path} is damaged: restore it, or delete it if the data are not synthetic") from None
    if planned_task != task:
        raise DataError(f"{path} describes {planned_task} data, not {task}: check another folder")
    command = f"combo data synth --subset {task} --clips {clips} --seed {seed} --size {size} --out DIR"
    return Expectation(sizes, size, command)
