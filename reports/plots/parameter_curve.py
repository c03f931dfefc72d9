"""Score against one numeric setting of the variants, measured and as the paper reports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain, product

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.errors import InputError, Problem
from experiments.scaled_experiment import ScaledExperiment
from experiments.schema import FigureSpec
from experiments.trial import Trial
from reports.drawing.plot import Plot
from reports.drawing.style import draw, label, pad
from reports.plots.series import without_runs
from reports.plots.series_panels import Panels, add_legend, draw_series, draw_spread, mark_cell, paint_grid, panels_of
from reports.render.math_label import in_unicode
from reports.tables.cells import Cell, Table


def parameter_curve(scaled: ScaledExperiment, trials: Sequence[Trial], table: Table, name: str) -> Plot | None:
    """The plot; None when the experiment asks for none or nothing could be drawn.

    Args:
        scaled: the experiment at one scale.
        trials: its trials, which hold the setting.
        table: its table.
        name: of the files.

    Raises:
        InputError: the figure's parameter is no number in some variant.
    """
    figure = scaled.experiment.figure
    if figure is None:
        return None
    settings = _settings(figure, trials)
    panels = panels_of(table, list(settings))
    if not panels:
        return None
    cells = [cell for row in without_runs(table.rows) if row.name in settings for cell in row.cells]
    title = f"Score against {figure.label}"
    description = in_unicode(f"{title}. {'; '.join(line.title for line in panels)}.")
    return Plot(name, title, description, *draw(partial(_paint, figure.label, cells, settings, panels)))


def _settings(figure: FigureSpec, trials: Sequence[Trial]) -> dict[str, float]:
    """The setting of each variant."""
    return {trial.variant: _setting(trial, figure.parameter) for trial in trials}


def _setting(trial: Trial, key: str) -> float:
    value: object = trial.config
    for part in key.split("."):
        value = getattr(value, part, None)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InputError(
            Problem(trial.experiment, f"figure.parameter '{key}' is no number in variant '{trial.variant}'")
        )
    return float(value)


def _paint(name: str, cells: Sequence[Cell], settings: Mapping[str, float], panels: Sequence[Panels]) -> Figure:
    painted, places = paint_grid(panels)
    in_order = sorted(cells, key=lambda cell: settings[cell.row])
    for axes, line, column in places:
        shown = [cell for cell in in_order if cell.column == column]
        _panel(axes, line, shown, settings)
        for cell, series in product(shown, line.shown):
            mark_cell(axes, settings[cell.row], series, cell, f"{name} = {settings[cell.row]:g}")
        axes.set_xlabel(label(name))
    add_legend(painted, panels, cells)
    return painted


def _panel(axes: Axes, line: Panels, cells: Sequence[Cell], settings: Mapping[str, float]) -> None:
    values: list[float] = []
    if "measured" in line.shown:
        values += _measured(axes, cells, settings)
    if "reported" in line.shown:
        values += _reported(axes, cells, settings)
    ticks = sorted(set(settings.values()))
    margin = 0.05 * (ticks[-1] - ticks[0]) or 1.0
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlim(ticks[0] - margin, ticks[-1] + margin)
    if values:
        pad(axes, values)


def _measured(axes: Axes, cells: Sequence[Cell], settings: Mapping[str, float]) -> list[float]:
    """Draws the means with their spread; returns all values that must be seen."""
    points = [(settings[cell.row], cell.summary) for cell in cells if cell.summary is not None]
    means = [summary.mean for _, summary in points]
    draw_series(axes, "measured", [(setting, summary.mean) for setting, summary in points], linestyle="-")
    ends = [draw_spread(axes, setting, summary) for setting, summary in points]
    return [*means, *chain.from_iterable(ends)]


def _reported(axes: Axes, cells: Sequence[Cell], settings: Mapping[str, float]) -> list[float]:
    points = [(settings[cell.row], cell.reported.value) for cell in cells if cell.reported is not None]
    draw_series(axes, "reported", points, linestyle="--")
    return [value for _, value in points]
