"""Writing a synthetic subset of AVSBench, all of it or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.config import CLASSES, Task
from model.data.dataset_file import DATASET_FILE
from model.data.errors import DataError
from model.data.layout import SUBSET_FOLDERS
from model.data.synthetic.clip_writer import write_clip
from model.data.synthetic.index_writer import write_index
from model.data.synthetic.plan import plan_clips, split_sizes

GENERATOR_VERSION = 1
"""Raised whenever the same request would give other bytes."""


@dataclass(frozen=True)
class WrittenSubset:
    """Where a synthetic subset lies and what it has."""

    root: Path
    clips: dict[str, int]
    """Clips per split."""
    created: bool
    """False if it was there already, complete and made by the same request."""


def write_synthetic(
    task: Task, out: Path, clips: int, seed: int, size: int, on_progress: Callable[[int, int], None] | None = None
) -> WrittenSubset:
    """Writes a subset below `out`, with equal bytes for equal requests.

    The subset is written beside its place and moved there when complete, so it is either whole or absent;
    `dataset.json` in it records the request.

    Args:
        task: which subset's layout.
        out: folder that will hold `AVSBench_object` or `AVSBench_semantic`.
        clips: total, split about 70 / 12 / 18 % into train, val and test.
        seed: 0 or more.
        size: side of the pictures, pixels; a multiple of 32.
        on_progress: called with clips written and total after every clip.

    Raises:
        DataError: for an impossible request, or if other data lie at the place; nothing is then changed.
    """
    if task not in CLASSES:
        raise DataError(f"there is no subset '{task}': use one of {', '.join(CLASSES)}")
    if size < 32 or size % 32:
        raise DataError(f"size {size} is not a multiple of 32, the coarsest stride of the networks: use 64 or 224")
    sizes = split_sizes(clips)
    root = Path(out) / SUBSET_FOLDERS[task]
    request: dict[str, object] = {
        "generator_version": GENERATOR_VERSION,
        "task": task,
        "clips": clips,
        "seed": seed,
        "size": size,
    }
    if _is_written(root, request):
        return WrittenSubset(root, sizes, created=False)
    planned = plan_clips(task, clips, seed)
    staging = root.with_name(f".{root.name}.partial")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    write_index(task, staging, planned)
    for done, clip in enumerate(planned, start=1):
        write_clip(staging, clip, size)
        if on_progress is not None:
            on_progress(done, clips)
    (staging / DATASET_FILE).write_text(json.dumps(request, indent=2) + "\n")
    staging.replace(root)
    return WrittenSubset(root, sizes, created=True)


def _is_written(root: Path, request: dict[str, object]) -> bool:
    """Whether the request has been met; refuses to touch anything else that lies there."""
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    try:
        found = json.loads((root / DATASET_FILE).read_text())
    except (OSError, ValueError):
        raise DataError(f"{root} holds data that 'combo data synth' did not write: choose another folder") from None
    if found != request:
        raise DataError(f"{root} holds synthetic data made with {found}: choose another folder or delete it")
    return True
