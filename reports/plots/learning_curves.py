"""Validation M_J over training steps: one line per row, its seeds as a band around their mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reports.addresses import run_address
from reports.drawing.fitted_text import inches
from reports.drawing.hot_spots import HotSpot
from reports.drawing.plot import Plot
from reports.drawing.style import draw
from reports.plots.seed_bands import Points, SeedBand, band_of, points_of, thinned
from reports.plots.series import (
    AXIS_LABELS,
    LEGEND_SIZE,
    Place,
    is_at,
    look,
    places_of,
    shortened,
)
from reports.render.math_label import in_unicode
from reports.render.wording import exactly, row_label, row_name, rows_header
from reports.stored.evaluations import Curve
from reports.stored.results import Results
from reports.tables.cells import Row, Run, Table

WIDTH, PANEL_HEIGHT, LEGEND_LINE = 7.6, 2.9, 0.19
"""Inches."""
PER_LINE = 3
"""Panels side by side."""
LABEL_WIDTH, HANDLE_WIDTH = 2.0, 0.55
"""Most width of a label in the legend, and width of what stands between two labels, in inches."""
MARKED = 15
"""Markers on a line, or a few more."""
SPOTS = 1500
"""Most evaluations of a plot that tell whose they are."""
BAND_NOTE = "lines are means over seeds, bands reach from the lowest seed to the highest"


@dataclass(frozen=True)
class _Line:
    row: int
    label: str
    name: str
    """The label where no legend says what it is of."""
    band: SeedBand
    seeds: tuple[tuple[int, str, Points], ...]
    """Seed, trial key and curve."""


def learning_curves(table: Table, results: Results, name: str) -> Plot | None:
    """The plot; None when no trial of the table was evaluated yet.

    Runs that the table does not compare, as their protocol or data differ, are not drawn side by side either.

    Args:
        table: whose runs to draw.
        results: of the storage, for their curves.
        name: of the files.
    """
    rows = [row for row in table.rows if not row.is_published]
    runs = {place: [_comparable(row, place) for row in rows] for place in places_of(table)}
    keys = (run.key for of_place in runs.values() for of_row in of_place for run in of_row)
    curves = results.curves(dict.fromkeys(keys))
    panels = {place: lines for place, of_place in runs.items() if (lines := _lines(table, rows, of_place, curves))}
    if not panels:
        return None
    where = ", ".join(place.title for place in panels)
    labels = "; ".join(line.label for line in _each_row(panels))
    description = in_unicode(f"Validation $M_J$ in percent over optimiser steps on {where}, for: {labels}.")
    return Plot(name, "Learning curves", description, *draw(partial(_paint, rows_header(table), panels)))


def _comparable(row: Row, place: Place) -> list[Run]:
    """The runs of a row that count in its cells, or that may once they are finished."""
    cell = next((cell for cell in row.cells if is_at(cell.column, place)), None)
    if cell is None or cell.state not in ("measured", "unfinished", "failed"):
        return []
    counted = {run.key for run in cell.counted}
    return [run for run in cell.runs if run.key in counted or (run.stored.result is None and not run.stored.problem)]


def _lines(
    table: Table, rows: Sequence[Row], runs: Sequence[Sequence[Run]], curves: Mapping[str, Curve]
) -> list[_Line]:
    lines = []
    for index, (row, of_row) in enumerate(zip(rows, runs, strict=True)):
        found = ((run.seed, run.key, points_of(curves[run.key])) for run in of_row)
        seeds = tuple((seed, key, points) for seed, key, points in found if points is not None)
        if seeds:
            lines.append(
                _Line(index, row_label(row), row_name(table, row), band_of([points for *_, points in seeds]), seeds)
            )
    return lines


def _each_row(panels: Mapping[Place, Sequence[_Line]]) -> list[_Line]:
    """One line of each row that has any."""
    found = {line.row: line for lines in panels.values() for line in lines}
    return [found[row] for row in sorted(found)]


def _paint(header: str, panels: Mapping[Place, Sequence[_Line]]) -> Figure:
    entries = _legend_entries(panels)
    across = min(PER_LINE, len(panels))
    down = math.ceil(len(panels) / across)
    entries_across = int(WIDTH // (HANDLE_WIDTH + max(inches(text, LEGEND_SIZE) for _, text in entries)))
    legend_height = LEGEND_LINE * (1 + math.ceil(len(entries) / entries_across))
    painted = Figure(figsize=(WIDTH, PANEL_HEIGHT * down + legend_height), layout="constrained")
    grid = list(painted.subplots(down, across, squeeze=False).flat)
    curves = sum(len(line.seeds) for lines in panels.values() for line in lines)
    for axes, (place, lines) in zip(grid, panels.items(), strict=False):
        _panel(axes, place, lines)
        _mark_evaluations(axes, lines, min(MARKED, SPOTS // curves))
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    painted.legend(
        [handle for handle, _ in entries],
        [text for _, text in entries],
        loc="outside lower center",
        ncols=entries_across,
        title=_legend_title(header, panels),
        fontsize=LEGEND_SIZE,
        title_fontsize=LEGEND_SIZE,
    )
    return painted


def _panel(axes: Axes, place: Place, lines: Sequence[_Line]) -> None:
    values: list[float] = []
    last = 1.0
    for line in lines:
        band, style = line.band, look(line.row)
        steps, mean = band.mean
        every = math.ceil(len(steps) / MARKED)
        if band.seeds > 1:
            axes.fill_between(steps, band.lowest, band.highest, color=style.color, alpha=0.18, linewidth=0.6)
        (drawn,) = axes.plot(steps, mean, style.dashes, color=style.color, marker=style.marker, linewidth=1.5)
        drawn.set(markersize=3.5, markevery=every)
        for tail in band.tails:
            axes.plot(*tail, style.dashes, color=style.color, linewidth=0.7)
        values += np.concatenate([band.lowest, band.highest, *(scores for _, scores in band.tails)]).tolist()
        last = max(last, *(float(part[0, -1]) for part in (band.mean, *band.tails) if part.size))
    axes.set_title(f"{place.title}, validation")
    axes.set_xlabel("optimiser step")
    axes.set_ylabel(AXIS_LABELS["m_j"])
    axes.set_xlim(0, 1.03 * last)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10], integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(*_limits(values))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))


def _mark_evaluations(axes: Axes, lines: Sequence[_Line], most: int) -> None:
    """Evaluations of single seeds tell whose they are, at most so many of each."""
    for line in lines if most > 1 else ():
        for seed, key, points in line.seeds:
            for step, value in thinned(points, most).T.tolist():
                told = f"{in_unicode(line.name)}, seed {seed}, step {step:,.0f}: {exactly(value)}"
                axes.add_artist(HotSpot(step, value, told, run_address(key)))


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """Some room around percentages, at least half a point, but none below zero."""
    margin = max(0.5, 0.06 * (max(values) - min(values)))
    return max(0.0, min(values) - margin), max(values) + margin


def _legend_title(header: str, panels: Mapping[Place, Sequence[_Line]]) -> str:
    if not any(line.band.seeds > 1 for lines in panels.values() for line in lines):
        return shortened(header, WIDTH, LEGEND_SIZE)
    room = WIDTH - 2 * HANDLE_WIDTH - inches(BAND_NOTE, LEGEND_SIZE)
    return f"{shortened(header, room, LEGEND_SIZE)}: {BAND_NOTE}"


def _legend_entries(panels: Mapping[Place, Sequence[_Line]]) -> list[tuple[Artist, str]]:
    """Each row once, though it has a line in several panels."""
    entries: list[tuple[Artist, str]] = []
    for line in _each_row(panels):
        style = look(line.row)
        handle = Line2D([], [], color=style.color, linestyle=style.dashes, marker=style.marker, markersize=3.5)
        entries.append((handle, shortened(line.label, LABEL_WIDTH, LEGEND_SIZE)))
    return entries
