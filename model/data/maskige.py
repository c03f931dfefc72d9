"""Maskiges: class-agnostic masks painted into one picture (COMBO section 3.1), coloured as in the released code."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_MASKS = 255
"""What an 8-bit id map can number."""


@cache
def ade20k_palette() -> NDArray[np.uint8]:
    """RGB of every id, (256, 3): the 150 ADE20K colours, then black, as the authors' palette PNGs show them."""
    rows = json.loads(files("model.data").joinpath("ade20k_palette.json").read_text())
    palette = np.zeros((256, 3), dtype=np.uint8)
    palette[: len(rows)] = rows
    palette.setflags(write=False)
    return palette


def colour_masks(masks: NDArray[np.bool_], size: int | None = None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Paints masks smallest first, so that small masks win overlaps.

    Args:
        masks: (n, H, W); n may be 0. Of more than 255 masks the largest 255 are painted.
        size: side of the square result, nearest neighbour; None keeps H by W (AVSS).

    Returns:
        The id map (h, w), 0 where no mask lies and r on the r-th smallest mask, and its colours (h, w, 3).
    """
    ids = np.zeros(masks.shape[1:], dtype=np.uint8)
    ascending = np.argsort(masks.sum(axis=(1, 2)), kind="stable")[-MAX_MASKS:]
    for rank, index in enumerate(ascending, start=1):
        ids[masks[index] & (ids == 0)] = rank
    if size is not None:
        ids = np.asarray(Image.fromarray(ids).resize((size, size), Image.Resampling.NEAREST))
    return ids, ade20k_palette()[ids]


def palette_image(ids: NDArray[np.uint8]) -> Image.Image:
    """The id map as the palette picture that S4 and MS3 store."""
    image = Image.fromarray(ids)
    image.putpalette(ade20k_palette().tobytes())
    return image
