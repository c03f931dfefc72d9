"""Test clips as strips of frames, with a line around what is segmented: the picture itself stays to be seen."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.prediction_record import ShownClass
from model.config import IGNORED
from reports.drawing.extremum_filters import maximum_filter, minimum_filter

CELL, GAP, OUTLINE, HALO_WIDTH = 176, 4, 3, 2
"""Longest side of a frame, space between two, width of a line and of what is around it; pixels."""
OBJECT = (255, 64, 64)
"""Colour of the line where there are no classes."""
HALO = (20, 20, 20)
"""Colour around a line, so that it can be seen on any picture."""
QUALITY = 88


@dataclass(frozen=True)
class Strip:
    """A picture and its place in the report."""

    file: str
    """Name after its content, so that equal pictures are one file."""
    content: bytes


def drawn_strip(frames: NDArray[np.uint8], ids: NDArray[np.uint8], classes: Sequence[ShownClass]) -> Strip:
    """As `outlined_strip`, with a name."""
    content = outlined_strip(frames, ids, classes)
    return Strip(f"clip-{hashlib.sha256(content).hexdigest()[:16]}.jpg", content)


def outlined_strip(frames: NDArray[np.uint8], ids: NDArray[np.uint8], classes: Sequence[ShownClass]) -> bytes:
    """One line of frames as JPEG; equal arrays give equal bytes.

    Args:
        frames: (T, H, W, 3) RGB.
        ids: (T, H, W) class ids; 0 is background, `IGNORED` counts nowhere.
        classes: that occur, for their colours; empty for S4 and MS3.
    """
    height, width = frames.shape[1:3]
    scale = CELL / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    strip = Image.new("RGB", ((size[0] + GAP) * len(frames) - GAP, size[1]), "white")
    for place, (frame, of_frame) in enumerate(zip(frames, ids, strict=True)):
        pixels = np.array(Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC))
        _outline(pixels, np.asarray(Image.fromarray(of_frame).resize(size, Image.Resampling.NEAREST)), classes)
        strip.paste(Image.fromarray(pixels), (place * (size[0] + GAP), 0))
    buffer = io.BytesIO()
    strip.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _outline(pixels: NDArray[np.uint8], ids: NDArray[np.uint8], classes: Sequence[ShownClass]) -> None:
    """Draws inside of every region, and the halo around it."""
    colours = np.full((IGNORED + 1, 3), OBJECT, dtype=np.uint8)
    for shown in classes:
        colours[shown.id] = shown.colour
    segmented = np.where(ids == IGNORED, 0, ids)
    # What fills a frame has its line along the frame's edges.
    edge = maximum_filter(segmented, OUTLINE) != minimum_filter(segmented, OUTLINE, zero_outside=True)
    inside = segmented > 0
    pixels[maximum_filter(inside, HALO_WIDTH) & ~inside] = HALO
    pixels[edge & inside] = colours[segmented[edge & inside]]
