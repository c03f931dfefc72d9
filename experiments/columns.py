"""The columns of an experiment's table, and which of its trials fill them."""

from __future__ import annotations

from experiments.reported import Column
from experiments.schema import SCORES, Experiment
from model.config import Task


def columns_of(experiment: Experiment) -> tuple[Column, ...]:
    """Columns of all tasks, including those that a scale does not train; parameters and times come last."""
    metrics = experiment.table.metrics
    starts: list[tuple[Task, Task | None]] = []
    for task in experiment.tasks:
        also = experiment.also_from.get(task)
        starts += [(task, None), *([(task, also)] if also is not None else [])]
    scores = [Column(task, metric, start) for task, start in starts for metric in metrics if metric in SCORES]
    return (*scores, *(Column(None, metric) for metric in metrics if metric not in SCORES))


def task_of(column: Column, experiment: Experiment) -> Task:
    """The task whose trials fill a column; parameters and times are taken from the last task."""
    return column.task or experiment.tasks[-1]
