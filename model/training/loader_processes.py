"""How many processes load data for a worker, where nobody says it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import torch

from model.config import TrialConfig
from model.data.avsbench import BYTES_PER_PIXEL, LONGEST_CLIP
from model.data.loading import PREFETCHED
from model.training.workers import Workers

MOST = 4
"""More gain nothing: a GPU takes longer for a step than so many processes for a batch."""
SHARED_MEMORY = Path("/dev/shm")
"""Where batches go from process to process on Linux; containers may have little of it."""


def loader_processes(asked: int | None, config: TrialConfig, device: torch.device, workers: Workers) -> int:
    """As many as asked for; else none on a CPU, which has its hands full, and on a GPU as many as there is room for.

    Args:
        asked: what the user wants.
        config: of the trial; a batch must fit into shared memory several times.
        device: where the worker trains.
        workers: those of the trial, who may share a machine.
    """
    if asked is not None:
        return asked
    if device.type != "cuda":
        return 0
    return min(MOST, _cpus() // workers.count, _batches_that_fit(config) // (PREFETCHED + 1))


def _cpus() -> int:
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _batches_that_fit(config: TrialConfig) -> int:
    """Global batches of the longest clips that shared memory has room for; whoever shares the machine shares those."""
    if not SHARED_MEMORY.is_dir():
        return MOST * (PREFETCHED + 1)
    pixels = config.training.batch * LONGEST_CLIP * config.data.size**2
    return shutil.disk_usage(SHARED_MEMORY).free // (pixels * BYTES_PER_PIXEL)
