"""Filmstrips: rows of small pictures over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

CELL = 160
"""Longest side of one picture of a strip, pixels."""
GAP = 4
TINT = np.array([255, 64, 64], dtype=np.uint8)
"""Colour laid over segmented pixels where there are no classes to tell apart."""
HALO = np.array([20, 20, 20], dtype=np.uint8)
"""Colour around an outline, so that it can be seen on any picture."""
OUTLINE = 2
"""Width of an outline, pixels."""
TEXT = 13
"""Size of letters."""
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


def write_names(strip: Image.Image, names: Sequence[str], right: int, top: int, height: int) -> None:
    """Names of a strip's rows, which may have several lines, at the left of their pictures.

    Args:
        strip: to write on.
        names: from top to bottom.
        right: where the room for them ends, pixels.
        top: where the first row begins, pixels.
        height: of a picture, pixels.
    """
    pen, font = ImageDraw.Draw(strip), ImageFont.load_default(TEXT)
    for place, name in enumerate(names):
        middle = top + place * (height + GAP) + height / 2
        pen.text((right - 8, middle), name, "black", font, anchor="rm", align="right")


def outlined(picture: Image.Image, inside: NDArray[np.bool_]) -> Image.Image:
    """A picture with a line around what a mask of any size covers; all else stays as it is."""
    mask = Image.fromarray(255 * inside.astype(np.uint8)).resize(picture.size, Image.Resampling.BOX)
    covered = np.asarray(mask) > 127
    pixels = np.array(picture)
    pixels[_grown(covered, 1, beyond=False) & ~covered] = HALO
    pixels[covered & _grown(~covered, OUTLINE, beyond=True)] = TINT
    return Image.fromarray(pixels)


def tinted(pixels: NDArray[np.uint8], inside: NDArray[np.bool_], colour: NDArray[np.uint8] = TINT) -> NDArray[np.uint8]:
    """Pictures with the masked pixels half covered and the others dimmed.

    Args:
        pixels: (..., H, W, 3).
        inside: (..., H, W).
        colour: (3,), or one per pixel.
    """
    covered = 0.5 * pixels + 0.5 * colour.astype(np.float64)
    return np.where(inside[..., None], covered, DIMMED * pixels).astype(np.uint8)


def _grown(mask: NDArray[np.bool_], by: int, *, beyond: bool) -> NDArray[np.bool_]:
    """(H, W) with all pixels at most so many rows and columns away; `beyond` holds for all outside of the picture."""
    wide, grown = np.pad(mask, by, constant_values=beyond), np.zeros_like(mask)
    height, width = mask.shape
    for y in range(2 * by + 1):
        for x in range(2 * by + 1):
            grown |= wide[y : y + height, x : x + width]
    return grown
