"""Pictures of a clip's pixels: class ids as colours, maps as heat over the frames."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from experiments.prediction_record import ShownClass
from model.config import IGNORED
from reports.drawing.extremum_filters import maximum_filter, minimum_filter

HEAT_MAP = "inferno"
"""Brighter is more, also in print without colours."""
HEAT_SHARE = 0.65
"""Opacity of the heat's colours over the grey frames."""
IGNORED_COLOUR = (110, 110, 110)
RIM = 1 / 120
"""Width of the rim around a class, as part of the picture's width."""
BRIGHTNESS = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in the brightness, as in ITU-R BT.601."""


def coloured(ids: NDArray[np.uint8], classes: Sequence[ShownClass]) -> NDArray[np.uint8]:
    """Class ids (..., H, W) as RGB on black: each class in its colour, or white where there are no classes.

    Regions with a class have a white rim, as some of the data set's colours are nearly black.

    Args:
        ids: 0 is background, `IGNORED` counts nowhere.
        classes: that occur; empty for S4 and MS3.
    """
    colours = np.full((IGNORED + 1, 3), 255, dtype=np.uint8)
    colours[0] = 0
    for shown in classes:
        colours[shown.id] = shown.colour
    colours[IGNORED] = IGNORED_COLOUR
    pictures = colours[ids]
    if classes:
        pictures[_rim(ids)] = 255
    return pictures


def heated(frames: NDArray[np.uint8], heat: NDArray[np.float16]) -> NDArray[np.uint8]:
    """Maps (T, H, W) of 0 to 1 as colours half over the frames (T, H, W, 3) in grey."""
    grey = (frames @ BRIGHTNESS)[..., None]
    colours = mpl.colormaps[HEAT_MAP](heat.astype(np.float64))[..., :3]
    return np.asarray(np.rint((1 - HEAT_SHARE) * grey + HEAT_SHARE * 255 * colours), dtype=np.uint8)


def stretched(maps: NDArray[np.float16], height: int, width: int) -> NDArray[np.float16]:
    """Maps (T, h, w) enlarged bilinearly to (T, height, width), the lowest number of all at 0 and the highest at 1.

    All zero where they are one number everywhere.
    """
    # Takes a quarter of a second to import, and most reports stretch no maps.
    from scipy.ndimage import zoom

    lowest, highest = float(maps.min()), float(maps.max())
    share = (maps.astype(np.float64) - lowest) / ((highest - lowest) or 1.0)
    factors = (1, height / maps.shape[1], width / maps.shape[2])
    return np.asarray(zoom(share, factors, order=1, mode="nearest", grid_mode=True), dtype=np.float16)


def neighbour_cosines(heat: NDArray[np.float16]) -> tuple[float | None, ...]:
    """Cosine similarity of the flattened maps of every two neighbouring frames; None where a map is zero everywhere.

    Args:
        heat: (T, H, W) of 0 to 1.
    """
    flat = heat.reshape(len(heat), -1).astype(np.float64)
    lengths = np.linalg.norm(flat, axis=1)
    products = (flat[:-1] * flat[1:]).sum(axis=1)
    return tuple(
        float(product / (one * other)) if one and other else None
        for product, one, other in zip(products, lengths[:-1], lengths[1:], strict=True)
    )


def _rim(ids: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels of a class near a pixel of another one, (..., H, W)."""
    reach = max(1, round(ids.shape[-1] * RIM))
    rim: NDArray[np.bool_] = maximum_filter(ids, reach) != minimum_filter(ids, reach)
    rim[(ids == 0) | (ids == IGNORED)] = False
    return rim
