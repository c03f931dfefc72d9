"""What OpenCV makes of every 8-bit colour, RGB to HSV and back, asked of it once.

Back to RGB it computes many pixels of a row at once and those that are left over one by one, which rounds otherwise.
How many are left over depends on the width of the row and on the processor, so that is asked too.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from model.data.colour import HUES

Table = NDArray[np.uint8]
LONG_ROW = 4096
"""Pixels of a row of which none is left over."""


@lru_cache(maxsize=1)
def hsv_of_rgb() -> Table:
    """(256³, 3), ordered by red, green, blue."""
    return _converted(_every_colour(256).reshape(-1, LONG_ROW, 3), cv2.COLOR_RGB2HSV)


@lru_cache(maxsize=1)
def rgb_of_hsv_in_vectors() -> Table:
    """(180·256², 3), ordered by hue, saturation, value: pixels that are computed with others."""
    return _converted(_every_colour(HUES).reshape(-1, LONG_ROW, 3), cv2.COLOR_HSV2RGB)


@lru_cache(maxsize=1)
def rgb_of_hsv_one_by_one() -> Table:
    """The same of pixels that are left over."""
    return _converted(_every_colour(HUES).reshape(-1, 1, 3), cv2.COLOR_HSV2RGB)


@lru_cache(maxsize=1024)
def is_one_by_one(width: int) -> NDArray[np.bool_]:
    """(width,) which pixels of a row are left over, seen by a colour of which the two ways make different ones."""
    in_vectors, one_by_one = rgb_of_hsv_in_vectors(), rgb_of_hsv_one_by_one()
    telling = int((in_vectors != one_by_one).any(axis=1).argmax())
    colour = np.array([telling >> 16, telling >> 8 & 255, telling & 255], np.uint8)
    row = _converted(np.broadcast_to(colour, (1, width, 3)).copy(), cv2.COLOR_HSV2RGB)
    left_over: NDArray[np.bool_] = (row != in_vectors[telling]).any(axis=1)
    return left_over


def _every_colour(first: int) -> Table:
    """(first, 256, 256, 3) by their three values, of which the first has so many."""
    colours = np.empty((first, 256, 256, 3), np.uint8)
    colours[..., 0] = np.arange(first)[:, None, None]
    colours[..., 1] = np.arange(256)[:, None]
    colours[..., 2] = np.arange(256)
    return colours


def _converted(colours: Table, code: int) -> Table:
    return np.asarray(cv2.cvtColor(colours, code), np.uint8).reshape(-1, 3)
