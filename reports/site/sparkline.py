"""A run's validation curve as it stands in a line of text, and as the script reads it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from markupsafe import Markup

from reports.plots.seed_bands import Points

WIDTH, HEIGHT, MARGIN = 96, 24, 2
"""Pixels."""


class HasCurve(Protocol):
    """A run, or a trial that runs."""

    @property
    def task(self) -> str | None:
        """Those of one task are compared."""

    @property
    def curve(self) -> Points | None:
        """Validation M_J in percent over optimiser steps; None before the first validation."""


class Sparklines:
    """Curves of runs that stand beside each other; those of one task share their axes, so that they can be compared."""

    def __init__(self, runs: Iterable[HasCurve]) -> None:
        curves: dict[str | None, list[Points]] = defaultdict(list)
        for run in runs:
            if run.curve is not None:
                curves[run.task].append(run.curve)
        self._ranges = {task: _range(of_task) for task, of_task in curves.items()}

    def draw(self, run: HasCurve) -> Markup:
        """The curve of one of the runs as SVG; nothing before its first validation."""
        if run.curve is None:
            return Markup()
        last, low, high = self._ranges[run.task]
        across, up = (WIDTH - 2 * MARGIN) / last, (HEIGHT - 2 * MARGIN) / (high - low)
        places = [(MARGIN + across * step, MARGIN + up * (high - value)) for step, value in run.curve.T.tolist()]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        end = "cx='{:.1f}' cy='{:.1f}'".format(*places[-1])
        return Markup(
            f"<svg class='sparkline' viewBox='0 0 {WIDTH} {HEIGHT}' aria-hidden='true'>"
            f"<path d='{path}'/><circle {end} r='1.75'/></svg>"
        )


def curve_text(points: Points | None) -> str:
    """Such as `100:41.20 200:58.73`, steps and percent."""
    return "" if points is None else " ".join(f"{step:.0f}:{value:.2f}" for step, value in points.T.tolist())


def _range(curves: Iterable[Points]) -> tuple[float, float, float]:
    """Last step, lowest and highest value; never an empty range."""
    steps, values = zip(*curves, strict=True)
    low, high = min(map(min, values)), max(map(max, values))
    return float(max(map(max, steps))) or 1.0, float(low), float(high) if high > low else float(low) + 1
