"""The learning curves of one row's seeds as one line with a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reports.stored.evaluations import Curve

Points: TypeAlias = NDArray[np.float64]
"""Steps and values, (2, n), n > 0."""
MOST_POINTS = 200
"""Most points of a line; more cannot be told apart on a page."""
LAST_STEP = 2**53
"""Larger steps come from damaged files, and floats are no longer exact there."""


@dataclass(frozen=True, eq=False)
class SeedBand:
    """What the seeds of a row have in common, and where single ones go on."""

    mean: Points
    lowest: NDArray[np.float64]
    """Lowest and highest value over the seeds, at the steps of the mean."""
    highest: NDArray[np.float64]
    seeds: int
    tails: tuple[Points, ...]
    """Beyond the last step that all seeds have reached."""


def points_of(curve: Curve) -> Points | None:
    """The evaluations of a curve that hold a percentage; None without any."""
    kept = [(step, value) for step, value in curve.points if 0 <= value <= 100 and 0 <= step <= LAST_STEP]
    return np.array(kept, dtype=np.float64).T if kept else None


def band_of(seeds: Sequence[Points]) -> SeedBand:
    """Mean, lowest and highest over the steps that all seeds have in common, between evaluations on straight lines.

    Args:
        seeds: at least one.
    """
    begin, end = max(steps[0] for steps, _ in seeds), min(steps[-1] for steps, _ in seeds)
    if begin > end:
        return SeedBand(np.empty((2, 0)), np.empty(0), np.empty(0), len(seeds), tuple(map(thinned, seeds)))
    grid = thinned(np.unique(np.concatenate([steps[(begin <= steps) & (steps <= end)] for steps, _ in seeds])))
    values = np.stack([np.interp(grid, steps, scores) for steps, scores in seeds])
    tails = tuple(thinned(_tail(points, end)) for points in seeds if points[0, -1] > end)
    return SeedBand(np.stack([grid, values.mean(axis=0)]), values.min(axis=0), values.max(axis=0), len(seeds), tails)


def _tail(points: Points, end: float) -> Points:
    """The part of a seed's curve after the common steps, beginning at the last of them so that the lines join."""
    steps, scores = points
    later = points[:, steps > end]
    return np.concatenate([[[end], [np.interp(end, steps, scores)]], later], axis=1)


def thinned(columns: NDArray[np.float64], most: int = MOST_POINTS) -> NDArray[np.float64]:
    """At most so many along the last axis, the first and the last among them."""
    count = columns.shape[-1]
    if count <= most:
        return columns
    return columns[..., np.linspace(0, count - 1, most).round().astype(np.intp)]
