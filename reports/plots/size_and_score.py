"""Score over the number of parameters, measured and as the paper reports it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.reported import Column
from experiments.schema import SCORES
from reports.drawing.plot import Plot
from reports.drawing.style import draw, pad
from reports.plots.point_labels import LabelledPoint, label_points
from reports.plots.series import AXIS_LABELS, without_runs
from reports.plots.series_panels import (
    Panels,
    Series,
    add_legend,
    draw_series,
    draw_spread,
    mark_cell,
    paint_grid,
    panels_of,
)
from reports.render.math_label import in_unicode
from reports.render.wording import row_label
from reports.tables.cells import Cell, Row, Table

SIZE = Column(None, "parameters")
"""The column that says how large the networks are."""
SIDE_ROOM = 0.3
"""Left and right of the points for their labels, as a part of the points' range."""


def size_and_score(table: Table, name: str) -> Plot | None:
    """The plot; None when the table does not set parameters against scores, or nothing could be drawn.

    Args:
        table: the table.
        name: of the files.
    """
    if SIZE not in table.columns or not any(column.metric in SCORES for column in table.columns):
        return None
    rows = [row for row in table.rows if _value(row, SIZE, "reported") or _value(row, SIZE, "measured")]
    panels = panels_of(table, [row.name for row in rows])
    if not panels:
        return None
    title = "Score over parameters"
    description = in_unicode(f"{title} of {'; '.join(map(row_label, rows))}. {'; '.join(one.title for one in panels)}.")
    return Plot(name, title, description, *draw(partial(_paint, without_runs(rows), panels)))


def _paint(rows: Sequence[Row], panels: Sequence[Panels]) -> Figure:
    painted, places = paint_grid(panels)
    labelled = [(axes, _panel(axes, line, column, rows)) for axes, line, column in places]
    add_legend(painted, panels, (cell for row in rows for cell in row.cells))
    painted.draw_without_rendering()
    for axes, points in labelled:
        if points:
            label_points(axes, points)
    return painted


def _panel(axes: Axes, line: Panels, column: Column, rows: Sequence[Row]) -> list[LabelledPoint]:
    """Draws the points; returns them with what they are called."""
    points = [point for series in line.shown for point in _series(axes, series, column, rows)]
    if points:
        sizes = [point.x for point in points]
        room = SIDE_ROOM * (max(sizes) - min(sizes)) or 1.0
        axes.set_xlim(min(sizes) - room, max(sizes) + room)
        pad(axes, [height for point in points for height in (point.low, point.high)])
    axes.set_xlabel(AXIS_LABELS["parameters"])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    return points


def _series(axes: Axes, series: Series, column: Column, rows: Sequence[Row]) -> list[LabelledPoint]:
    points: list[LabelledPoint] = []
    for row in rows:
        size, score, summary = _value(row, SIZE, series), _value(row, column, series), _cell(row, column).summary
        if size is not None and score is not None:
            ends = draw_spread(axes, size, summary) if series == "measured" and summary is not None else ()
            mark_cell(axes, size, series, _cell(row, column), row_label(row))
            points.append(LabelledPoint(size, score, row_label(row), *(ends or (score, score))))
    draw_series(axes, series, [(point.x, point.y) for point in points], linestyle="none")
    return points


def _value(row: Row, column: Column, series: Series) -> float | None:
    cell = _cell(row, column)
    if series == "measured":
        return None if cell.summary is None else cell.summary.mean
    return None if cell.reported is None else cell.reported.value


def _cell(row: Row, column: Column) -> Cell:
    return next(cell for cell in row.cells if cell.column == column)
