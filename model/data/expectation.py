"""What a subset should hold: the published numbers, the plan of a synthetic one, or what it declares itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.config import Task
from model.data.dataset_file import DATASET_FILE, SPLIT_SIZES, damaged, read_dataset_file
from model.data.errors import DataError
from model.data.layout import SPLITS
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
    """The command that wrote a synthetic subset; None of any other."""
    is_declared: bool = False
    """Whether it is a data set of one's own, see `combo data describe`."""


def expectation_of(root: Path, task: Task) -> Expectation:
    """Looks for the plan of a synthetic subset, or for a declaration; without either the subset is a published one.

    Args:
        root: the subset root.
        task: which subset.

    Raises:
        DataError: if `dataset.json` is there, but damaged or of another subset.
    """
    found = read_dataset_file(root)
    if found is None:
        return Expectation(PUBLISHED_CLIPS[task], PUBLISHED_SIZE, None)
    try:
        expected = _declared(found) if SPLIT_SIZES in found else _planned(found)
        described = found["task"]
    except (ValueError, KeyError, TypeError, OverflowError):
        raise damaged(root) from None
    if described != task:
        raise DataError(f"{root / DATASET_FILE} describes {described} data, not {task}: check another folder")
    return expected


def _declared(found: dict[str, Any]) -> Expectation:
    sizes = {split: int(found[SPLIT_SIZES][split]) for split in SPLITS}
    if min(*sizes.values(), found["size"] - 1) < 0:
        raise ValueError
    return Expectation(sizes, int(found["size"]), None, is_declared=True)


def _planned(found: dict[str, Any]) -> Expectation:
    task, clips, seed, size = (found[key] for key in ("task", "clips", "seed", "size"))
    command = f"combo data synth --subset {task} --clips {clips} --seed {seed} --size {size} --out DIR"
    return Expectation(split_sizes(int(clips)), int(size), command)
