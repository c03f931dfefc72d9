"""Synthetic data sets for measurements, each written once a process."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from model.config import Task
from model.data.synthetic.writer import write_synthetic

FEWEST = 10
"""Clips of which each split gets one."""


@cache
def synthetic_clips(task: Task, batch: int, size: int) -> Path:
    """A data root with at least a batch of training clips; it goes with the process."""
    root = Path(_folder().name, f"{task}-{batch}-{size}")
    write_synthetic(task, root, max(FEWEST, 2 * batch), seed=1, size=size)
    return root


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="clips-")
