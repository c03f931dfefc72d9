"""Methods side by side, row by row as in the table: what their papers report, and what is measured here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.reported import Column
from experiments.scales import FULL
from experiments.schema import SCORES
from reports.drawing.plot import Plot
from reports.drawing.style import INK, MUTED, REPORTED, RULE, SERIES, draw
from reports.plots.series import AXIS_LABELS, LEGEND_SIZE, shortened, without_runs
from reports.plots.series_panels import MEASURED_WITH_SPREAD
from reports.render.math_label import in_unicode
from reports.render.wording import row_label, task_name
from reports.tables.cells import Row, Table
from reports.tables.statistics import Summary

FEWEST_METHODS = 5
"""Published rows from which on a table is easier to see than to read."""
WIDTH, LINE, FRAME = 7.6, 0.18, 1.0
"""Inches: of the figure, of a row, and of what stands above and below the rows."""
LABEL_SIZE = 7.5
"""Points."""
LABEL_WIDTH = 1.8
"""Room for a row's name, in inches."""


def published_methods(table: Table, name: str) -> Plot | None:
    """The plot; None for tables that compare with few others.

    What a smaller scale measures is left out, as it would stand beside numbers of the paper's own scale.

    Args:
        table: the table.
        name: of the files.
    """
    if sum(row.is_published for row in table.rows) < FEWEST_METHODS:
        return None
    columns = [column for column in table.columns if column.metric in SCORES]
    rows = without_runs(table.rows) if table.scale == FULL else _without_ours(without_runs(table.rows))
    title = "Comparison with other methods"
    description = in_unicode(f"{title}: scores in percent of {'; '.join(map(row_label, table.rows))}.")
    return Plot(name, title, description, *draw(partial(_paint, rows, columns)))


def _without_ours(rows: Sequence[Row]) -> list[Row]:
    return [replace(row, cells=tuple(replace(cell, summary=None) for cell in row.cells)) for row in rows]


def _paint(rows: Sequence[Row], columns: Sequence[Column]) -> Figure:
    lines = _lines(rows)
    painted = Figure(figsize=(WIDTH, LINE * len(lines) + FRAME), layout="constrained")
    panels = painted.subplots(1, len(columns), squeeze=False, sharey=True)[0]
    for axes, column in zip(panels, columns, strict=True):
        _panel(axes, column, lines)
    _name_lines(panels[0], lines)
    handles = [_handle("D", REPORTED, "reported", face="none")]
    ours = [cell.summary for row in rows for cell in row.cells if cell.summary is not None]
    if ours:
        has_spread = any(summary.sd is not None for summary in ours)
        handles.append(_handle("o", SERIES[0], MEASURED_WITH_SPREAD if has_spread else "measured here"))
    painted.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=LEGEND_SIZE)
    return painted


def _lines(rows: Sequence[Row]) -> list[Row | str]:
    """The rows, each group below its heading."""
    lines: list[Row | str] = []
    for heading, group in groupby(rows, key=lambda row: row.group):
        lines += [*([heading] if heading else []), *group]
    return lines


def _panel(axes: Axes, column: Column, lines: Sequence[Row | str]) -> None:
    for y, line in enumerate(lines):
        if isinstance(line, str):
            continue
        axes.axhline(y, color=RULE, linewidth=0.5, zorder=0)
        cell = next(cell for cell in line.cells if cell.column == column)
        if cell.reported is not None:
            axes.plot(cell.reported.value, y, "D", color=REPORTED, markersize=4, markerfacecolor="none")
        if cell.summary is not None:
            _draw_ours(axes, cell.summary, y)
    assert column.metric != "setting"
    axes.set_title(task_name(column.task, column.start))
    axes.set_xlabel(AXIS_LABELS[column.metric])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _draw_ours(axes: Axes, summary: Summary, y: int) -> None:
    color = SERIES[0]
    axes.errorbar(summary.mean, y, xerr=summary.sd, fmt="o", color=color, markersize=4.5, ecolor=color, capsize=2)


def _name_lines(axes: Axes, lines: Sequence[Row | str]) -> None:
    texts = [line if isinstance(line, str) else row_label(line) for line in lines]
    axes.set_yticks(range(len(lines)), [shortened(text, LABEL_WIDTH, LABEL_SIZE) for text in texts])
    for text, line in zip(axes.get_yticklabels(), lines, strict=True):
        text.set_fontsize(LABEL_SIZE)
        if isinstance(line, str):
            text.set_color(MUTED)
            text.set_fontstyle("italic")
        else:
            text.set_color(INK)
            text.set_fontweight("normal" if line.is_published else "bold")


def _handle(marker: str, color: str, told: str, face: str | None = None) -> Line2D:
    return Line2D(
        [], [], color=color, marker=marker, markersize=4.5, linestyle="none", markerfacecolor=face or color, label=told
    )
