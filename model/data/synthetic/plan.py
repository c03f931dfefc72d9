"""Which clips a synthetic data set has: a pure function of task, number of clips and seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from model.config import Task
from model.data.errors import DataError
from model.data.layout import AVSS_SECONDS, SPLITS, IndexEntry
from model.data.synthetic.kinds import Kind, kinds_of
from model.data.synthetic.scene import Scene, multi_source_scene, single_source_scene

VAL_SHARE = 0.12
TEST_SHARE = 0.18
Purpose = Literal["turns", "scene", "picture", "sound"]


@dataclass(frozen=True)
class PlannedClip:
    """A planned clip, whose pictures and sound are not made yet."""

    entry: IndexEntry
    scene: Scene
    task: Task
    seed: int
    number: int

    def rng(self, purpose: Purpose) -> np.random.Generator:
        """Source of the randomness for one purpose, a stream of its own."""
        return _stream(purpose, self.task, self.seed, self.number)


def split_sizes(clips: int) -> dict[str, int]:
    """Clips per split: about 70 / 12 / 18 %, at least one each.

    Raises:
        DataError: for fewer than three clips.
    """
    if clips < len(SPLITS):
        raise DataError(f"{clips} clips do not fill train, val and test: ask for at least {len(SPLITS)}")
    val, test = (max(1, round(share * clips)) for share in (VAL_SHARE, TEST_SHARE))
    return {"train": clips - val - test, "val": val, "test": test}


def plan_clips(task: Task, clips: int, seed: int) -> list[PlannedClip]:
    """Plans a data set. Within a split the kinds take turns as the only source, and in AVSS the subsets take turns.

    Raises:
        DataError: for fewer than three clips or a negative seed.
    """
    if seed < 0:
        raise DataError(f"seed {seed} is negative: use 0 or more")
    kinds = kinds_of(task)
    rounds = len(AVSS_SECONDS) if task == "avss" else 1
    planned: list[PlannedClip] = []
    for split_number, (split, size) in enumerate(split_sizes(clips).items()):
        turns = _stream("turns", task, seed, split_number).permutation(len(kinds))
        for place in range(size):
            number = len(planned)
            source = kinds[turns[place // rounds % len(kinds)]]
            category = _category(task, place, source)
            scene = _scene(task, category, source, _stream("scene", task, seed, number))
            planned.append(PlannedClip(IndexEntry(f"clip_{number:05d}", category, split), scene, task, seed, number))
    return planned


def _category(task: Task, place: int, source: Kind) -> str:
    if task == "s4":
        return source.s4
    return list(AVSS_SECONDS)[place % len(AVSS_SECONDS)] if task == "avss" else ""


def _scene(task: Task, category: str, source: Kind, rng: np.random.Generator) -> Scene:
    kinds = kinds_of(task)
    if task == "s4":
        return single_source_scene(source, kinds, 5, rng)
    if category == "v1s":
        return single_source_scene(source, kinds, AVSS_SECONDS[category], rng)
    return multi_source_scene(kinds, AVSS_SECONDS[category] if task == "avss" else 5, rng)


def _stream(purpose: Purpose, task: Task, seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng([get_args(Purpose).index(purpose), get_args(Task).index(task), seed, number])
