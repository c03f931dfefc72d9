"""The colours that Maskiges are painted in, by id."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from reports.figures.clip_pictures import BRIGHTNESS

PER_ROW = 20
WIDTH, CELL = 7.2, 0.36
"""Inches."""


def paint_palette(colours: NDArray[np.uint8]) -> Figure:
    """One field per colour with its id.

    Args:
        colours: (n, 3) RGB by id.
    """
    rows = math.ceil(len(colours) / PER_ROW)
    painted = Figure(figsize=(WIDTH, CELL * rows))
    axes = painted.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, PER_ROW), ylim=(rows, 0))
    axes.axis("off")
    for index, colour in enumerate(colours):
        row, column = divmod(index, PER_ROW)
        axes.add_patch(Rectangle((column + 0.03, row + 0.03), 0.94, 0.94, facecolor=colour / 255, linewidth=0))
        ink = "black" if colour @ BRIGHTNESS > 128 else "white"
        axes.text(column + 0.5, row + 0.5, str(index), fontsize=6.5, color=ink, ha="center", va="center")
    return painted
