"""Which panels a plot of scores has: what is measured beside what the paper reports, where one axis can show both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.reported import Column
from experiments.scales import FULL
from reports.addresses import cell_address
from reports.drawing.hot_spots import HotSpot
from reports.drawing.style import INK, REPORTED, SERIES
from reports.plots.series import AXIS_LABELS, LEGEND_SIZE, Place, is_at, places_of, scores_of
from reports.render.math_label import in_unicode
from reports.render.wording import measured, reported_number, seeds
from reports.tables.cells import Cell, Table
from reports.tables.statistics import Summary

Series = Literal["measured", "reported"]

WIDTH, PANEL_HEIGHT = 7.6, 2.7
"""Inches."""
LOOKS: dict[Series, tuple[str, str]] = {"measured": ("o", SERIES[0]), "reported": ("D", REPORTED)}
"""Marker and colour."""
MEASURED_WITH_SPREAD = "measured here, ± sd over seeds"
MOST_APART = 4
"""How many times wider than the wider series an axis may be that shows both."""


@dataclass(frozen=True)
class Panels:
    """One line of panels, one for each score."""

    place: Place
    columns: tuple[Column, ...]
    shown: tuple[Series, ...]
    """Never empty."""

    @property
    def title(self) -> str:
        """Such as `S4, measured and reported`."""
        return f"{self.place.title}, {' and '.join(self.shown)}"


def panels_of(table: Table, rows: Sequence[str]) -> list[Panels]:
    """The panels in which some rows of a table can be shown; none when there is nothing to show.

    Measured and reported scores share an axis only at the paper's own scale and in the same range; otherwise each
    has panels of its own, so that nobody compares a small network with the paper's.

    Args:
        table: the table.
        rows: names of the rows.
    """
    panels: list[Panels] = []
    for place in places_of(table):
        columns = tuple(scores_of(table, place))
        cells = [cell for cell in table.cells if cell.row in rows and is_at(cell.column, place)]
        shown = tuple(_series_in([cell for cell in cells if cell.column in columns]))
        if len(shown) < 2 or (table.scale == FULL and all(_is_one_range(cells, column) for column in columns)):
            panels += [Panels(place, columns, shown)] if shown else []
        else:
            panels += [Panels(place, columns, (series,)) for series in shown]
    return panels


def paint_grid(panels: Sequence[Panels]) -> tuple[Figure, list[tuple[Axes, Panels, Column]]]:
    """An empty figure with titled axes for all panels.

    Args:
        panels: at least one.
    """
    across = max(len(line.columns) for line in panels)
    painted = Figure(figsize=(WIDTH, PANEL_HEIGHT * len(panels)), layout="constrained")
    grid = painted.subplots(len(panels), across, squeeze=False)
    places: list[tuple[Axes, Panels, Column]] = []
    for row, line in zip(grid, panels, strict=True):
        for axes, column in zip(row, line.columns, strict=True):
            assert column.metric != "setting"
            axes.set_title(line.title)
            axes.set_ylabel(AXIS_LABELS[column.metric])
            places.append((axes, line, column))
    return painted, places


def draw_series(axes: Axes, series: Series, points: Sequence[tuple[float, float]], linestyle: str) -> None:
    """Measured points are filled, reported ones hollow; a linestyle of `none` leaves them unconnected."""
    axes.add_line(_line(series, points, linestyle))


def draw_spread(axes: Axes, x: float, summary: Summary) -> tuple[float, ...]:
    """Draws the standard deviation over seeds, where there is one; returns where it ends."""
    if summary.sd is None:
        return ()
    axes.errorbar(x, summary.mean, yerr=summary.sd, fmt="none", color=INK, elinewidth=1, capsize=3)
    return summary.mean - summary.sd, summary.mean + summary.sd


def mark_cell(axes: Axes, x: float, series: Series, cell: Cell, name: str) -> None:
    """Its place on the axes tells its number, and leads to its cell.

    Args:
        axes: with the cell's numbers upwards.
        x: where it stands.
        series: which of its numbers, which it must have.
        cell: the cell.
        name: of its row or setting, with math.
    """
    if series == "measured" and cell.summary is not None:
        value, told = cell.summary.mean, " ".join(filter(None, (measured(cell), seeds(cell))))
    elif series == "reported" and cell.reported is not None:
        value, told = cell.reported.value, f"reported {reported_number(cell)}"
    else:
        return
    axes.add_artist(HotSpot(x, value, f"{in_unicode(name)}: {told}", cell_address(cell.row, cell.column)))


def add_legend(painted: Figure, panels: Sequence[Panels], cells: Iterable[Cell]) -> None:
    """Says below all panels what each series is, and what the error bars of the cells are if they have any."""
    has_spread = any(cell.summary is not None and cell.summary.sd is not None for cell in cells)
    told = {"measured": MEASURED_WITH_SPREAD if has_spread else "measured here", "reported": "reported by the paper"}
    shown = [series for series in get_args(Series) if any(series in line.shown for line in panels)]
    handles = [_line(series, (), "none") for series in shown]
    painted.legend(
        handles, [told[series] for series in shown], loc="outside lower center", ncols=len(shown), fontsize=LEGEND_SIZE
    )


def _line(series: Series, points: Sequence[tuple[float, float]], linestyle: str) -> Line2D:
    marker, color = LOOKS[series]
    line = Line2D([x for x, _ in points], [y for _, y in points], color=color, marker=marker, markersize=5)
    line.set(linestyle=linestyle, linewidth=1.5, markerfacecolor=color if series == "measured" else "none")
    return line


def _series_in(cells: Sequence[Cell]) -> Iterator[Series]:
    if any(cell.summary is not None for cell in cells):
        yield "measured"
    if any(cell.reported is not None for cell in cells):
        yield "reported"


def _is_one_range(cells: Sequence[Cell], column: Column) -> bool:
    """Whether one axis shows both series without flattening either."""
    own = [cell for cell in cells if cell.column == column]
    measured = [cell.summary.mean for cell in own if cell.summary is not None]
    reported = [cell.reported.value for cell in own if cell.reported is not None]
    if not measured or not reported:
        return True
    widest = max(max(measured) - min(measured), max(reported) - min(reported), 1.0)
    return max(*measured, *reported) - min(*measured, *reported) <= MOST_APART * widest
