"""Forms of one computation that take turns in one run, so that whatever else the machine does meets all of them."""

from __future__ import annotations

import gc
import math
import multiprocessing
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

import torch

MIB = 2**20
STATUS = Path("/proc/self/status")
RESIDENT_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of `ru_maxrss`."""

Form = Callable[[], object]
"""One way to compute; what it returns is thrown away."""
LeaveOut = Callable[[str, Exception], None]
"""Called with the name of a form that fails, and its error."""


@dataclass(frozen=True)
class Comparison:
    """Several forms of the same computation.

    Args:
        name: what it is called on the command line and in records.
        title: what is computed, on which shapes.
        prepare: makes the inputs on a device such as `cpu` and returns the forms by name. The first one is what the
            others are compared with. It fails with an AssertionError where forms disagree.
        devices: kinds of devices on which the comparison means something.
        one_at_a_time: whether forms are so large that each is prepared and warmed up anew whenever it is measured.
    """

    name: str
    title: str
    prepare: Callable[[str], Mapping[str, Form]]
    devices: tuple[str, ...] = ("cpu", "cuda")
    one_at_a_time: bool = False


@dataclass(frozen=True)
class Measured:
    """What one form took in each round."""

    seconds: list[float]
    ratios: list[float]
    """How many times faster than the first form, by round."""
    peak_mib: float
    """Memory beyond that of the inputs."""

    @property
    def times_faster(self) -> float:
        """Median of the rounds."""
        return median(self.ratios)


def measure(
    comparison: Comparison, device: str, rounds: int, seconds: float = math.inf, leave_out: LeaveOut | None = None
) -> dict[str, Measured]:
    """Runs every form once to warm up and once in each round, every other round backwards.

    Args:
        comparison: what to measure.
        device: where.
        rounds: how often; at least one.
        seconds: after which no further round begins.
        leave_out: told of a form that fails; the others go on. Without it, and for the first form, an error ends the
            comparison.

    Returns:
        The forms by name, the first one first.
    """
    end = time.monotonic() + seconds
    forms = comparison.prepare(device)
    on_gpu = device.startswith("cuda")
    taken: dict[str, list[float]] = {name: [] for name in forms}
    peaks: dict[str, float] = {}
    with nullcontext() if comparison.one_at_a_time else _frozen():
        for number in range(rounds):
            if number > 0 and time.monotonic() > end:
                break
            for name in list(taken) if number % 2 == 0 else list(reversed(taken)):
                try:
                    if comparison.one_at_a_time:
                        forms = comparison.prepare(device)
                    if number == 0 and on_gpu:
                        peaks[name] = _gpu_peak_mib(forms[name], device)
                    elif number == 0 or comparison.one_at_a_time:
                        forms[name]()
                    taken[name].append(_seconds(forms[name], device))
                except Exception as error:
                    if leave_out is None or name == next(iter(taken)):
                        raise
                    leave_out(name, error)
                    del taken[name]
    first = taken[next(iter(taken))]
    if not on_gpu:
        peaks = dict(_peaks(comparison, list(taken), device))
    return {
        name: Measured(own, [before / after for before, after in zip(first, own, strict=True)], peaks[name])
        for name, own in taken.items()
    }


@contextmanager
def _frozen() -> Iterator[None]:
    """What is there now stays, and is not looked through before each timing."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _seconds(form: Form, device: str) -> float:
    """Of the processor, which other work on the machine leaves alone; on a GPU of the clock."""
    on_gpu = device.startswith("cuda")
    clock = time.perf_counter if on_gpu else time.process_time
    gc.collect()
    began = clock()
    form()
    if on_gpu:
        torch.cuda.synchronize(device)
    return clock() - began


def _gpu_peak_mib(form: Form, device: str) -> float:
    """Of a form that warms up, what it makes for itself then and keeps included."""
    gc.collect()
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    form()
    return (torch.cuda.max_memory_allocated(device) - before) / MIB


def _peaks(comparison: Comparison, names: list[str], device: str) -> Iterator[tuple[str, float]]:
    """On a CPU: each form in a process of its own, whose peak is that form's."""
    # A process that is ended so removes no temporary folders of its own.
    with TemporaryDirectory(prefix="combo-bench-") as folder, patch.dict(os.environ, TMPDIR=folder):
        for name in names:
            with multiprocessing.get_context("spawn").Pool(1) as process:
                yield name, process.apply(_peak_mib, (comparison.prepare, name, device))


def _peak_mib(prepare: Callable[[str], Mapping[str, Form]], name: str, device: str) -> float:
    torch.set_num_threads(1)
    form = prepare(device)[name]
    before = _resident()
    form()
    return (_resident() - before) / MIB


def _resident() -> int:
    """Bytes that this process has held at most, without those of the process that started it."""
    if STATUS.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())[1]) * 1024  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RESIDENT_UNIT
