"""All settings of a search beside each other, one line for each point: which combinations are good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import JsonValue

from experiments.schema import Measure
from reports.drawing.style import INK, MUTED
from reports.plots.search_axes import BEST, OTHERS, mark_points, objective_label
from reports.plots.series import shortened
from reports.render.plain_text import one_line
from reports.search_outcomes import SearchAxis, SearchPoint

WIDTH, HEIGHT = 7.6, 3.2
"""Inches."""
SIZE = 7.5
"""Points; size of letters."""
NAME_WIDTH, TICK_WIDTH = 1.1, 0.7
"""Room in inches."""
MOST_CHOICES = 8
"""Choices that are named; of more, the first and the last are."""


@dataclass(frozen=True)
class _Scale:
    """One of the axes."""

    name: str
    """With math."""
    places: tuple[float, ...]
    """Height of each point on the axis, from 0 below to 1 above."""
    ticks: tuple[tuple[float, str], ...]


def parallel_axes(axes: Sequence[SearchAxis], points: Sequence[SearchPoint], objectives: Sequence[Measure]) -> Figure:
    """One line through all settings and objectives for each point; the best ones stand out.

    Args:
        axes: the settings, at least one.
        points: with values, at least one.
        objectives: at least one.
    """
    scales = [
        *(_setting(axis, [point.settings.get(axis.key) for point in points]) for axis in axes),
        *(_numbers(objective_label(one), [point.values[one] for point in points]) for one in objectives),
    ]
    painted = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    panel = painted.subplots()
    panel.set(xlim=(-0.25, len(scales) - 0.75), ylim=(-0.18, 1.08))
    panel.set_axis_off()
    for place in sorted(range(len(points)), key=lambda place: points[place].on_front):
        _line(panel, [scale.places[place] for scale in scales], is_best=points[place].on_front)
    for x, scale in enumerate(scales):
        _axis(panel, x, scale)
    mark_points(panel, zip([len(scales) - 1.0] * len(points), scales[-1].places, points, strict=True))
    return painted


def _line(panel: Axes, heights: Sequence[float], *, is_best: bool) -> None:
    (line,) = panel.plot(range(len(heights)), heights, color=BEST if is_best else OTHERS)
    line.set(linewidth=1.8 if is_best else 0.9, alpha=1.0 if is_best else 0.45, solid_joinstyle="round")


def _axis(panel: Axes, x: int, scale: _Scale) -> None:
    panel.plot([x, x], [0, 1], color=MUTED, linewidth=0.8, zorder=3)
    panel.text(x, -0.11, shortened(scale.name, NAME_WIDTH, SIZE), color=INK, fontsize=SIZE, ha="center", va="top")
    for y, text in scale.ticks:
        told = shortened(text, TICK_WIDTH, SIZE - 1)
        if 0 < y < 1:
            panel.text(x + 0.03, y, told, color=MUTED, fontsize=SIZE - 1, ha="left", va="bottom", zorder=4)
        else:
            beyond, align = (1.02, "bottom") if y else (-0.02, "top")
            panel.text(x, beyond, told, color=MUTED, fontsize=SIZE - 1, ha="center", va=align)


def _setting(axis: SearchAxis, chosen: Sequence[JsonValue]) -> _Scale:
    numbers = [float(value) for value in chosen if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(chosen):
        return _choices(axis.name, [one_line(str(value)) for value in chosen])
    if axis.is_logarithmic and min(numbers) > 0:
        scale = _numbers(axis.name, [math.log(number) for number in numbers])
        ends = zip(scale.ticks, (min(numbers), max(numbers)), strict=False)
        return _Scale(axis.name, scale.places, tuple((y, f"{number:.3g}") for (y, _), number in ends))
    return _numbers(axis.name, numbers)


def _numbers(name: str, numbers: Sequence[float]) -> _Scale:
    low, high = min(numbers), max(numbers)
    if low == high:
        return _Scale(name, (0.5,) * len(numbers), ((0.5, f"{low:.3g}"),))
    places = tuple((number - low) / (high - low) for number in numbers)
    return _Scale(name, places, ((0.0, f"{low:.3g}"), (1.0, f"{high:.3g}")))


def _choices(name: str, chosen: Sequence[str]) -> _Scale:
    names = sorted(set(chosen))
    places = {choice: place / (len(names) - 1) if names[1:] else 0.5 for place, choice in enumerate(names)}
    shown = names if len(names) <= MOST_CHOICES else [names[0], names[-1]]
    return _Scale(name, tuple(places[choice] for choice in chosen), tuple((places[one], one) for one in shown))
