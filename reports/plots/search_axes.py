"""Axes of a search's plots: settings of any kind, and points of which the best stand out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from experiments.schema import SCORES, Measure
from reports.addresses import run_address
from reports.drawing.hot_spots import HotSpot
from reports.drawing.style import SERIES
from reports.plots.series import AXIS_LABELS, shortened
from reports.render.math_label import in_unicode
from reports.render.plain_text import one_line
from reports.render.wording import METRIC_LABELS, exactly
from reports.search_outcomes import SearchAxis, SearchPoint

CHOICE_WIDTH, CHOICE_SIZE = 0.8, 8.0
"""Room for the name of a choice in inches, and the size of its letters in points."""
WIDE = 50
"""Highest over lowest value, from which on a logarithmic axis needs no numbers between powers of ten."""
BEST, OTHERS = SERIES[1], SERIES[0]
ROOM = 0.08
"""Margin beyond the outermost values, as a part of their range."""


def objective_label(objective: Measure) -> str:
    """What an axis says of an objective; scores are those of the validation split."""
    return f"validation {AXIS_LABELS[objective]}" if objective in SCORES else AXIS_LABELS[objective]


def limits(values: Sequence[float]) -> tuple[float, float]:
    """An axis that shows all values, which may be one."""
    low, high = min(values), max(values)
    margin = ROOM * (high - low) or max(0.5, 0.05 * abs(high))
    return low - margin, high + margin


def draw_points(axes: Axes, x: Sequence[float], y: Sequence[float], points: Sequence[SearchPoint], best: str) -> None:
    """Points of a search: hollow, the best ones filled and in front.

    Args:
        axes: to draw into.
        x: of each point.
        y: of each point.
        points: in the same order.
        best: what the legend calls the best ones.
    """
    places = list(zip(x, y, points, strict=True))
    mark_points(axes, places)
    others = [(one, other) for one, other, point in places if not point.on_front]
    front = [(one, other) for one, other, point in places if point.on_front]
    for chosen, color, face, told in ((others, OTHERS, "none", "other points"), (front, BEST, BEST, best)):
        if chosen:
            (dots,) = axes.plot(*zip(*chosen, strict=True), "o", color=color, markersize=5, label=told)
            dots.set_markerfacecolor(face)


def mark_points(axes: Axes, places: Iterable[tuple[float, float, SearchPoint]]) -> None:
    """Points tell their settings and scores, and lead to their trials."""
    for x, y, point in places:
        settings = [f"{key.rpartition('.')[2]} {value}" for key, value in point.settings.items()]
        values = [f"{in_unicode(METRIC_LABELS[measure])} {exactly(value)}" for measure, value in point.values.items()]
        axes.add_artist(HotSpot(x, y, ", ".join([*settings, *values]), run_address(point.key)))


def lay_out_setting(axes: Axes, axis: SearchAxis, points: Sequence[SearchPoint]) -> list[float]:
    """Makes the horizontal axis that of a setting: logarithmic, linear, or one place per choice.

    Returns:
        where each point stands on it.
    """
    axes.set_xlabel(shortened(axis.name, axes.bbox.width / axes.figure.dpi, CHOICE_SIZE + 1))
    chosen = [point.settings[axis.key] for point in points]
    numbers = [float(value) for value in chosen if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(chosen):
        return _choices(axes, [one_line(str(value)) for value in chosen])
    if axis.is_logarithmic and min(numbers) > 0:
        axes.set_xscale("log")
        axes.set_xlim(min(numbers) / 1.3, max(numbers) * 1.3)
        is_wide = max(numbers) > WIDE * min(numbers)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if is_wide else (1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(*limits(numbers))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    return numbers


def _choices(axes: Axes, chosen: Sequence[str]) -> list[float]:
    names = sorted(set(chosen))
    shown = [shortened(name, CHOICE_WIDTH, CHOICE_SIZE) for name in names]
    axes.set_xticks(range(len(names)), shown, fontsize=CHOICE_SIZE)
    axes.set_xlim(-0.5, len(names) - 0.5)
    return [float(names.index(name)) for name in chosen]
