"""Score against one setting of the variants, measured and as reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.errors import InputError, Problem
from experiments.expand import FULL, Study, Trial
from experiments.schema import FigureSpec
from reports.cells import Cell, Column, Table
from reports.figures.style import INK, REPORTED, SERIES, draw, label, pad
from reports.render.wording import METRIC_LABELS

Shown = Literal["measured", "reported"]

WIDTH, PANEL_HEIGHT = 7.6, 2.7
"""Inches."""


@dataclass(frozen=True)
class Panels:
    """One row of the figure: a task and the series that share its axes."""

    task: str
    shown: tuple[Shown, ...]


def parameter_curve(study: Study, trials: Sequence[Trial], table: Table) -> tuple[str, bytes] | None:
    """The figure as SVG and PNG; None when the experiment asks for none or nothing could be drawn.

    Measured and reported scores share an axis only at the paper's own scale and in the same range; otherwise each
    has panels of its own.

    Raises:
        InputError: the figure's parameter is no number in some variant.
    """
    figure = study.experiment.figure
    if figure is None:
        return None
    settings = {trial.variant: _setting(trial, figure.parameter) for trial in trials}
    rows = _rows(study, table)
    if not settings or not rows:
        return None
    return draw(lambda: _paint(figure, table, settings, rows))


def _setting(trial: Trial, key: str) -> float:
    value: object = trial.config
    for part in key.split("."):
        value = getattr(value, part, None)
    if not isinstance(value, int | float):
        raise InputError(Problem(trial.study, f"figure.parameter '{key}' is no number in variant '{trial.variant}'"))
    return float(value)


def _rows(study: Study, table: Table) -> list[Panels]:
    rows: list[Panels] = []
    for task in study.tasks:
        cells = [cell for cell in table.cells if cell.column.task == task]
        shown: list[Shown] = []
        if any(cell.summary for cell in cells):
            shown.append("measured")
        if any(cell.reported for cell in cells):
            shown.append("reported")
        together = len(shown) < 2 or (study.scale == FULL and _same_range(table, task))
        rows += [Panels(task, tuple(shown))] if together and shown else [Panels(task, (series,)) for series in shown]
    return rows


def _same_range(table: Table, task: str) -> bool:
    """Whether one axis per metric shows both series without flattening either."""
    for column in table.columns:
        cells = [cell for cell in table.cells if cell.column == column and column.task == task]
        measured = [cell.summary.mean for cell in cells if cell.summary]
        reported = [cell.reported.percent for cell in cells if cell.reported]
        if measured and reported:
            both = measured + reported
            own = max(max(measured) - min(measured), max(reported) - min(reported), 1.0)
            if max(both) - min(both) > 4 * own:
                return False
    return True


def _paint(figure: FigureSpec, table: Table, settings: Mapping[str, float], rows: list[Panels]) -> Figure:
    metrics = list(dict.fromkeys(column.metric for column in table.columns))
    painted = Figure(figsize=(WIDTH, PANEL_HEIGHT * len(rows)), layout="constrained")
    grid = painted.subplots(len(rows), len(metrics), squeeze=False)
    for row, panels in enumerate(rows):
        for index, metric in enumerate(metrics):
            axes: Axes = grid[row][index]
            column = next(found for found in table.columns if (found.task, found.metric) == (panels.task, metric))
            _panel(axes, panels, column, table, settings)
            axes.set_xlabel(label(figure.label))
    return painted


def _panel(axes: Axes, panels: Panels, column: Column, table: Table, settings: Mapping[str, float]) -> None:
    cells = [cell for cell in table.cells if cell.column == column and cell.variant in settings]
    cells.sort(key=lambda cell: settings[cell.variant])
    values: list[float] = []
    if "measured" in panels.shown:
        values += _measured(axes, cells, settings)
    if "reported" in panels.shown:
        values += _reported(axes, cells, settings)
    who = " and ".join("reported, paper" if series == "reported" else series for series in panels.shown)
    axes.set_title(f"{column.task.upper()}, {who}")
    axes.set_ylabel(f"{METRIC_LABELS[column.metric]} (%)")
    ticks = sorted(set(settings.values()))
    margin = 0.05 * (ticks[-1] - ticks[0]) or 1.0
    axes.set_xticks(ticks)
    axes.set_xlim(ticks[0] - margin, ticks[-1] + margin)
    if values:
        pad(axes, values)
    if len(panels.shown) > 1:
        axes.legend(fontsize=8)


def _measured(axes: Axes, cells: list[Cell], settings: Mapping[str, float]) -> list[float]:
    points = [(settings[cell.variant], cell.summary) for cell in cells if cell.summary]
    x, mean = [setting for setting, _ in points], [summary.mean for _, summary in points]
    axes.plot(x, mean, color=SERIES[0], marker="o", markersize=5, linewidth=1.6, label="measured")
    spread = [(setting, summary.mean, summary.sd) for setting, summary in points if summary.sd is not None]
    for setting, centre, sd in spread:
        axes.errorbar(setting, centre, yerr=sd, fmt="none", ecolor=INK, elinewidth=1, capsize=3)
    return mean + [centre + sign * sd for _, centre, sd in spread for sign in (-1, 1)]


def _reported(axes: Axes, cells: list[Cell], settings: Mapping[str, float]) -> list[float]:
    points = [(settings[cell.variant], cell.reported.percent) for cell in cells if cell.reported]
    x, percent = [setting for setting, _ in points], [value for _, value in points]
    (line,) = axes.plot(x, percent, "D--", color=REPORTED, markersize=4.5, linewidth=1.3, label="reported, paper")
    line.set_markerfacecolor("none")
    return percent
