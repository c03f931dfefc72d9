"""What trials have cost."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from experiments.records import Provenance
from model.config import Task
from reports.stored.stored_trial import StoredTrial


class Effort(NamedTuple):
    """The finished trials of one task on one kind of device."""

    task: Task
    device: str
    trials: int
    training_seconds: float
    """Wall-clock time, summed over attempts and trials, evaluation included."""
    device_seconds: float
    """`training_seconds` times the number of workers."""
    last_finished: str
    """ISO 8601 in UTC."""


def sum_effort(finished: pa.Table) -> tuple[Effort, ...]:
    """The effort behind finished trials, in the order of tasks and devices.

    Args:
        finished: with the columns of `reports.stored.finished_trials`.
    """
    seconds = pc.multiply(finished.column("training_seconds"), pc.cast(finished.column("workers"), pa.float64()))
    sums = (
        finished.append_column("device_seconds", seconds)
        .group_by(["task", "device"], use_threads=False)
        .aggregate([("key", "count"), ("training_seconds", "sum"), ("device_seconds", "sum"), ("finished", "max")])
    )
    return tuple(sorted(Effort(*row.values()) for row in sums.to_pylist()))


def effort_of(trials: Iterable[StoredTrial]) -> tuple[Effort, ...]:
    """The effort behind those of some trials that have a result, in the order of tasks and devices."""
    places: dict[tuple[Task, str], list[Provenance]] = defaultdict(list)
    for trial in trials:
        if trial.config is not None and trial.result is not None:
            places[trial.config.data.task, trial.result.provenance.device].append(trial.result.provenance)
    return tuple(_sum(task, device, behind) for (task, device), behind in sorted(places.items()))


def _sum(task: Task, device: str, behind: Sequence[Provenance]) -> Effort:
    return Effort(
        task,
        device,
        len(behind),
        math.fsum(one.training_seconds for one in behind),
        math.fsum(one.training_seconds * one.workers for one in behind),
        max(one.finished for one in behind),
    )
