"""Filmstrips: rows of small pictures over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CELL = 160
"""Longest side of one picture of a strip, pixels."""
GAP = 4
TINT = np.array([255, 64, 64], dtype=np.uint8)
"""Colour laid over segmented pixels where there are no classes to tell apart."""
DIMMED = 0.6
"""Brightness that is left to pixels that are not segmented."""


def cell_size(height: int, width: int) -> tuple[int, int]:
    """Width and height of a strip's pictures for pictures of another size but the same shape."""
    scale = CELL / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def thumbnail(picture: NDArray[np.uint8], size: tuple[int, int]) -> Image.Image:
    """(H, W, 3) at a cell's width and height: areas are averaged on the way down, pixels stay sharp on the way up."""
    return Image.fromarray(picture).resize(size, Image.Resampling.BOX)


def filmstrip(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Rows of pictures, all of one size and at least one per row, on white."""
    width, height = rows[0][0].size
    across, down = width + GAP, height + GAP
    strip = Image.new("RGB", (across * len(rows[0]) - GAP, down * len(rows) - GAP), "white")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            strip.paste(picture, (x * across, y * down))
    return strip


def tinted(pixels: NDArray[np.uint8], inside: NDArray[np.bool_], colour: NDArray[np.uint8] = TINT) -> NDArray[np.uint8]:
    """Pictures with the masked pixels half covered and the others dimmed.

    Args:
        pixels: (..., H, W, 3).
        inside: (..., H, W).
        colour: (3,), or one per pixel.
    """
    covered = 0.5 * pixels + 0.5 * colour.astype(np.float64)
    return np.where(inside[..., None], covered, DIMMED * pixels).astype(np.uint8)
