"""Synthetic data sets for measurements, each written once a process."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from model.config import Task
from model.data.synthetic.writer import write_synthetic


@cache
def synthetic_clips(task: Task, clips: int, size: int) -> Path:
    """A data root with so many clips of which seven tenths are for training; it goes with the process."""
    root = Path(_folder().name, f"{task}-{clips}-{size}")
    write_synthetic(task, root, clips, seed=1, size=size)
    return root


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="clips-")
