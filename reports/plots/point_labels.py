"""Labels beside the points of a plot, where they cover neither points nor each other as far as there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from reports.drawing.fitted_text import POINTS_PER_INCH, inches
from reports.drawing.style import INK, MUTED
from reports.plots.series import shortened

SIZE = 7.5
"""Font size in points."""
HEIGHT = 1.25 * SIZE
WIDEST = 1.6
"""Inches."""
POINT = 4.0
"""Half the side of the square that a point covers, in points."""
DISTANCES = (7.0, 13.0, 22.0, 34.0, 48.0)
"""Distances from the point at which a label may stand, in points; the nearest free one is taken."""
LED_FROM = 20.0
"""Distance from which a line leads from the label to its point."""

LINE = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 1, "shrinkB": 3}

Side = Literal[-1, 0, 1]
SIDES: tuple[tuple[Side, Side], ...] = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
"""Right, left, above, below, then the corners."""
ALIGNMENTS: dict[Side, Literal["left", "center", "right"]] = {1: "left", 0: "center", -1: "right"}


@dataclass(frozen=True)
class LabelledPoint:
    """A point in the units of its axes."""

    x: float
    y: float
    label: str
    """May hold math."""
    low: float
    """Where its error bar begins; `y` without one."""
    high: float


@dataclass(frozen=True)
class _Spot:
    side: Side
    dx: float
    dy: float
    box: Bbox


def label_points(axes: Axes, points: Sequence[LabelledPoint]) -> None:
    """Writes the labels of all points in their order.

    Args:
        axes: with its final limits, in a figure that has been laid out.
        points: what is labelled; no label covers any of them where that can be helped.
    """
    to_points = POINTS_PER_INCH / axes.figure.dpi
    places, lows, highs = (
        axes.transData.transform([(point.x, height) for point, height in zip(points, heights, strict=True)]) * to_points
        for heights in zip(*((point.y, point.low, point.high) for point in points), strict=True)
    )
    window = axes.get_window_extent()
    room = Bbox(window.get_points() * to_points)
    taken = [
        Bbox.from_extents(x - POINT, low - POINT, x + POINT, high + POINT)
        for (x, low), (_, high) in zip(lows, highs, strict=True)
    ]
    for point, (x, y) in zip(points, places, strict=True):
        text = shortened(point.label, WIDEST, SIZE)
        spot = min(_spots(x, y, inches(text, SIZE) * POINTS_PER_INCH), key=lambda spot: _covered(spot.box, taken, room))
        taken.append(spot.box)
        written = axes.annotate(
            text,
            (point.x, point.y),
            (spot.dx, spot.dy),
            textcoords="offset points",
            fontsize=SIZE,
            color=INK,
            ha=ALIGNMENTS[spot.side],
            va="center",
            arrowprops=LINE if max(abs(spot.dx), abs(spot.dy)) > LED_FROM else None,
        )
        written.set_in_layout(False)


def _spots(x: float, y: float, width: float) -> Iterator[_Spot]:
    """Where a label may stand, best first."""
    for distance in DISTANCES:
        for side, above in SIDES:
            dx, dy = side * distance, above * (distance + (HEIGHT / 4 if side == 0 else 0))
            left = x + dx - width * (1 - side) / 2
            box = Bbox.from_extents(left, y + dy - HEIGHT / 2, left + width, y + dy + HEIGHT / 2)
            yield _Spot(side, dx, dy, box)


def _covered(box: Bbox, taken: Sequence[Bbox], room: Bbox) -> float:
    """Area of a label that covers others or lies outside, in square points."""
    inside = Bbox.intersection(box, room)
    outside = box.width * box.height - (inside.width * inside.height if inside is not None else 0.0)
    return outside + sum(
        common.width * common.height for other in taken if (common := Bbox.intersection(box, other)) is not None
    )
