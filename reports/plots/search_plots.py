"""How a search went: its scores point by point, over each setting, and against what they cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import accumulate, product

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.schema import SCORES, Measure
from reports.drawing.plot import Plot
from reports.drawing.style import MUTED, draw
from reports.plots.parallel_axes import parallel_axes
from reports.plots.search_axes import BEST, OTHERS, draw_points, lay_out_setting, limits, mark_points, objective_label
from reports.plots.series import LEGEND_SIZE
from reports.render.math_label import in_unicode
from reports.search_outcomes import SearchOutcome, SearchPoint
from reports.slugs import slug

WIDTH, PANEL_HEIGHT, LEGEND_HEIGHT = 7.6, 2.5, 0.35
"""Inches."""
PER_LINE = 3
"""Panels side by side."""


def search_plots(outcome: SearchOutcome) -> list[Plot]:
    """History, settings alone and together, and with two objectives the Pareto front; none while no point has a result.

    Their files are named after the search, such as `search-lambda_ada-history`.
    """
    points = [point for point in outcome.points if point.values]
    scores = [objective for objective in outcome.objectives if objective in SCORES]
    if not points:
        return []
    base, told = slug(outcome.name), " and ".join(map(objective_label, scores))
    history = in_unicode(
        f"{told} point by point, with the best so far. With a score: {len(points)}; {_without(outcome)}."
    )
    plots = [Plot(f"{base}-history", "History", history, *draw(partial(_history, outcome, scores)))]
    if outcome.axes:
        varied = ", ".join(axis.name for axis in outcome.axes)
        settings = in_unicode(f"{told} of each point over the settings {varied}.")
        paint = partial(_settings, outcome, points, scores)
        plots.append(Plot(f"{base}-settings", "Settings", settings, *draw(paint)))
        together = in_unicode(f"Each point as a line through {varied}, {told}; the best stand out.")
        lines = partial(parallel_axes, outcome.axes, points, outcome.objectives)
        plots.append(Plot(f"{base}-together", "Settings together", together, *draw(lines)))
    if len(outcome.objectives) == 2:
        x, y = outcome.objectives if outcome.objectives[1] == scores[0] else reversed(outcome.objectives)
        front = in_unicode(f"{objective_label(y)} of each point against {objective_label(x)}.")
        plots.append(Plot(f"{base}-front", "Pareto front", front, *draw(partial(_front, points, x, y))))
    return plots


def _history(outcome: SearchOutcome, scores: Sequence[Measure]) -> Figure:
    painted = Figure(figsize=(WIDTH, PANEL_HEIGHT + LEGEND_HEIGHT), layout="constrained")
    panels = painted.subplots(1, len(scores), squeeze=False)[0]
    for axes, score in zip(panels, scores, strict=True):
        _score_by_point(axes, outcome, score)
    _legend(painted, panels[0])
    return painted


def _score_by_point(axes: Axes, outcome: SearchOutcome, score: Measure) -> None:
    numbered = [(number, point) for number, point in enumerate(outcome.points, start=1) if point.values]
    numbers, values = [number for number, _ in numbered], [point.values[score] for _, point in numbered]
    best = list(accumulate(values, max))
    count = len(outcome.points)
    axes.step([*numbers, count], [*best, best[-1]], where="post", color=BEST, linewidth=1.3, label="best so far")
    (dots,) = axes.plot(numbers, values, "o", color=OTHERS, markersize=4.5, label="point")
    dots.set_markerfacecolor("none")
    mark_points(axes, ((number, point.values[score], point) for number, point in numbered))
    axes.set_ylim(*limits(values))
    without = [number for number in range(1, count + 1) if number not in numbers]
    if without:
        place = axes.get_xaxis_transform()
        told = _without(outcome)
        axes.plot(without, [0.03] * len(without), "x", color=MUTED, markersize=4, transform=place, label=told)
    axes.set_xlabel("point of the search")
    axes.set_ylabel(objective_label(score))
    axes.set_xlim(0.5, count + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))


def _without(outcome: SearchOutcome) -> str:
    """What became of the points that have no score, such as `no score: 3 pruned, 1 running`."""
    states = [point.state for point in outcome.points if not point.values]
    return f"no score: {', '.join(f'{states.count(state)} {state}' for state in dict.fromkeys(states)) or 'none'}"


def _settings(outcome: SearchOutcome, points: Sequence[SearchPoint], scores: Sequence[Measure]) -> Figure:
    wanted = list(product(scores, outcome.axes))
    across = min(PER_LINE, len(wanted))
    down = math.ceil(len(wanted) / across)
    painted = Figure(figsize=(WIDTH, PANEL_HEIGHT * down + LEGEND_HEIGHT), layout="constrained")
    grid = list(painted.subplots(down, across, squeeze=False).flat)
    best = "best" if len(outcome.objectives) == 1 else "on the Pareto front"
    for axes, (score, axis) in zip(grid, wanted, strict=False):
        values = [point.values[score] for point in points]
        draw_points(axes, lay_out_setting(axes, axis, points), values, points, best)
        axes.set_ylabel(objective_label(score))
        axes.set_ylim(*limits(values))
    for axes in grid[len(wanted) :]:
        axes.set_visible(False)
    _legend(painted, grid[0])
    return painted


def _front(points: Sequence[SearchPoint], x: Measure, y: Measure) -> Figure:
    """The front as steps: what is known to be possible lies below."""
    painted = Figure(figsize=(WIDTH, PANEL_HEIGHT + 1), layout="constrained")
    axes = painted.subplots()
    front = sorted((point.values[x], point.values[y]) for point in points if point.on_front)
    steps = [value for value, _ in front], [value for _, value in front]
    axes.step(*steps, where="pre" if x in SCORES else "post", color=BEST, linewidth=1.3)
    xs, ys = ([point.values[objective] for point in points] for objective in (x, y))
    draw_points(axes, xs, ys, points, "on the Pareto front")
    axes.set(xlabel=objective_label(x), ylabel=objective_label(y), xlim=limits(xs), ylim=limits(ys))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    _legend(painted, axes)
    return painted


def _legend(painted: Figure, axes: Axes) -> None:
    handles, texts = axes.get_legend_handles_labels()
    painted.legend(handles, texts, loc="outside lower center", ncols=len(texts), fontsize=LEGEND_SIZE)
