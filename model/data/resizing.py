"""Resizing where only a window of the result is wanted: the bits of Pillow's whole result, without most of its work.

Pillow resizes columns, rounds to 8 bits, then resizes rows. A pixel depends on the rows and columns under its filter
only, so rows that no pixel of the window looks at need not be resized, nor columns outside of it be resized again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WORTH_TWO_CALLS = 1.15
"""From this enlargement on, what the window saves is more than what a second call of Pillow costs."""


FILTER_BITS = 22
"""Bits after the point in Pillow's weights."""


@dataclass(frozen=True)
class Window:
    """A part of a resized picture, in pixels of the resized picture."""

    resized: tuple[int, int]
    """Width and height of the whole."""
    top: int
    left: int
    side: int
    """Pixels of each side; what lies outside of the resized picture is left out."""

    @property
    def height(self) -> int:
        """Rows that there are."""
        return min(self.side, self.resized[1] - self.top)

    @property
    def width(self) -> int:
        """Columns that there are."""
        return min(self.side, self.resized[0] - self.left)

    @property
    def rows(self) -> slice:
        """The window's rows in the resized picture."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """The window's columns in the resized picture."""
        return slice(self.left, self.left + self.width)


def resized_window(picture: NDArray[np.uint8], window: Window) -> NDArray[np.uint8]:
    """What the window shows of the picture, resized with Pillow's bilinear filter.

    Args:
        picture: (H, W, 3), contiguous.
        window: of the resized picture.

    Returns:
        (window.height, window.width, 3), contiguous.
    """
    height, width = picture.shape[:2]
    if (width, height) == window.resized:
        return np.ascontiguousarray(picture[window.rows, window.columns])
    enlargement = window.resized[1] / height
    if enlargement < WORTH_TWO_CALLS:
        whole = Image.fromarray(picture).resize(window.resized, Image.Resampling.BILINEAR)
        return np.ascontiguousarray(np.asarray(whole)[window.rows, window.columns])
    needed = _under_the_filter(window.rows, height, enlargement)
    wide = Image.fromarray(picture[needed]).resize(
        (window.resized[0], needed.stop - needed.start), Image.Resampling.BILINEAR
    )
    # Rows keep their places, by which Pillow chooses their weights; those that are not needed stay black.
    narrow = Image.new("RGB", (window.width, height))
    narrow.paste(wide.crop((window.left, 0, window.left + window.width, wide.height)), (0, needed.start))
    tall = narrow.resize((window.width, window.resized[1]), Image.Resampling.BILINEAR)
    return np.asarray(tall.crop((0, window.top, window.width, window.top + window.height)))


def nearest_window(labels: NDArray[np.int64], window: Window) -> NDArray[np.int64]:
    """What the window shows of label maps, resized to the nearest neighbour as Pillow does.

    Args:
        labels: (n, H, W).
        window: of the resized maps.

    Returns:
        (n, window.height, window.width).
    """
    height, width = labels.shape[1:]
    rows = _nearest_places(height, window.resized[1])[window.rows]
    columns = _nearest_places(width, window.resized[0])[window.columns]
    return labels[:, rows[:, None], columns]


@lru_cache(maxsize=256)
def filter_taps(length: int, resized: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Pillow's bilinear filter along one axis: which pixels each new one is the weighted sum of, and the weights.

    The sum of 8-bit pixels times weights, plus half of 2^22, is shifted by 22 bits and clipped to 0 to 255
    (`precompute_coeffs`, `normalize_coeffs_8bpc` and `clip8` of Pillow's Resample.c).

    Args:
        length: pixels that there are.
        resized: pixels that are wanted.

    Returns:
        Places (resized, K) and weights (resized, K).
    """
    scale = length / resized
    reach = max(scale, 1.0)
    centres = (np.arange(resized) + 0.5) * scale
    first = np.maximum((centres - reach + 0.5).astype(np.int64), 0)
    last = np.minimum((centres + reach + 0.5).astype(np.int64), length)
    places = first[:, None] + np.arange(ceil(reach) * 2 + 1)
    distances = np.abs((places - centres[:, None] + 0.5) * (1.0 / reach))
    shares = np.where((places < last[:, None]) & (distances < 1.0), 1.0 - distances, 0.0)
    # In Pillow's order, as sums of fractions depend on it.
    total = sum(shares.T, start=np.zeros(resized))
    weights = (0.5 + shares / total[:, None] * (1 << FILTER_BITS)).astype(np.int32)
    return np.minimum(places, length - 1), weights


def _under_the_filter(rows: slice, height: int, enlargement: float) -> slice:
    """Rows of the picture that rows of an enlarged one look at, and one more on either side."""
    first, last = ((row + 0.5) / enlargement for row in (rows.start, rows.stop - 1))
    return slice(max(floor(first - 1) - 1, 0), min(ceil(last + 1) + 1, height))


@lru_cache(maxsize=256)
def _nearest_places(length: int, resized: int) -> NDArray[np.int64]:
    """Which of `length` pixels each of `resized` ones shows, asked of Pillow."""
    places = Image.fromarray(np.arange(length, dtype=np.int32)[None])
    return np.asarray(places.resize((resized, 1), Image.Resampling.NEAREST))[0].astype(np.int64)
