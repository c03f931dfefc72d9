"""Validation M_J over training steps, one line per trial, one colour per variant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from model.config import Task
from reports.cells import Run, Table
from reports.evaluations import Curve
from reports.figures.style import MARKERS, SERIES, draw, label, pad
from reports.render.wording import METRIC_LABELS

WIDTH, HEIGHT = 7.6, 3.2
"""Inches."""


def learning_curves(table: Table, curves: Mapping[str, Curve]) -> tuple[str, bytes] | None:
    """The figure as SVG and PNG; None when no trial of the table was evaluated yet.

    Args:
        table: whose runs to draw.
        curves: validation curves by trial key.
    """
    drawn = {key: points for key, curve in curves.items() if (points := _finite(curve))}
    tasks = [
        task for task in table.tasks if any(run.key in drawn for row in table.rows for run in row.runs.get(task, ()))
    ]
    if not tasks:
        return None
    return draw(lambda: _paint(table, drawn, tasks))


def _runs(table: Table, task: Task) -> Iterator[Run]:
    return (run for row in table.rows for run in row.runs.get(task, ()))


def _finite(curve: Curve) -> list[tuple[int, float]]:
    return [(step, value) for step, value in curve.points if math.isfinite(value)]


def _paint(table: Table, drawn: Mapping[str, list[tuple[int, float]]], tasks: list[Task]) -> Figure:
    painted = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    grid = painted.subplots(1, len(tasks), squeeze=False)
    for index, task in enumerate(tasks):
        _panel(grid[0][index], table, drawn, task)
    return painted


def _panel(axes: Axes, table: Table, drawn: Mapping[str, list[tuple[int, float]]], task: Task) -> None:
    handles: list[Line2D] = []
    values: list[float] = []
    for index, row in enumerate(table.rows):
        lines = [drawn[run.key] for run in row.runs.get(task, ()) if run.key in drawn]
        for points in lines:
            steps, scores = [step for step, _ in points], [score for _, score in points]
            color, marker = SERIES[index % len(SERIES)], MARKERS[index % len(MARKERS)]
            (line,) = axes.plot(steps, scores, color=color, marker=marker, markersize=3.5, linewidth=1.5)
            values += scores
            if points is lines[0]:
                line.set_label(label(row.label))
                handles.append(line)
    axes.set_title(f"{task.upper()}, validation")
    axes.set_xlabel("optimiser step")
    axes.set_ylabel(f"{METRIC_LABELS['m_j']} (%)")
    pad(axes, values)
    axes.legend(handles=handles, title=label(table.row_header), fontsize=8, title_fontsize=8)
