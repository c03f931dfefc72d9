"""Index files of a synthetic subset, with the columns of the real ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from model.config import Task
from model.data.avss_classes import class_names
from model.data.layout import INDEX_FILES
from model.data.synthetic.plan import PlannedClip


def write_index(task: Task, root: Path, planned: Sequence[PlannedClip]) -> None:
    """Writes the csv, and for AVSS the class list as well."""
    header, *rows = {"s4": _s4_rows, "ms3": _ms3_rows, "avss": _avss_rows}[task](planned)
    with (root / INDEX_FILES[task]).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    if task == "avss":
        ids = {name: index for index, name in enumerate(class_names())}
        (root / "label2idx.json").write_text(json.dumps(ids, indent=2) + "\n")


def _s4_rows(planned: Sequence[PlannedClip]) -> list[list[str]]:
    rows = [[clip.entry.name, "0", clip.entry.category, clip.entry.split] for clip in planned]
    return [["name", "start", "category", "split"], *rows]


def _ms3_rows(planned: Sequence[PlannedClip]) -> list[list[str]]:
    return [["video_id", "split"], *([clip.entry.name, clip.entry.split] for clip in planned)]


def _avss_rows(planned: Sequence[PlannedClip]) -> list[list[str]]:
    rows = [
        [clip.entry.name, clip.entry.name, "0", "0", _sources(clip), clip.entry.split, clip.entry.category]
        for clip in planned
    ]
    return [["vid", "uid", "s_min", "s_sec", "a_obj", "split", "label"], *rows]


def _sources(clip: PlannedClip) -> str:
    return "_".join(thing.kind.avss for thing in clip.scene.objects if any(thing.sounding))
