"""One second's mask as a coloured layer over its frames."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from model.config import Task
from model.data.avss_classes import class_colours, class_names
from model.drawing.filmstrip import TINT

OUTLINE_PER_SIDE = 1 / 240
"""Width of an outline, as part of the picture's shorter side."""
TEXT_PER_SIDE = 1 / 24
"""Height of the legend's letters, as part of the picture's shorter side."""
SMALLEST_TEXT = 9
LEGEND_GROUND = (24, 24, 24)


class Layer:
    """A mask that lies half transparent and outlined in white over frames; for AVSS with its class names.

    Args:
        classes: (H, W) class ids, 0 where nothing is segmented.
        task: decides colours and names.
    """

    def __init__(self, classes: NDArray[np.uint8], task: Task) -> None:
        present = np.unique(classes[classes > 0])
        colours = mask_colours(task)
        side = min(classes.shape)
        self._inside = classes > 0
        self._colours = colours[classes]
        self._outline = _outline(classes, present, max(1, round(side * OUTLINE_PER_SIDE)))
        self._legend: NDArray[np.uint8] | None = None
        if task == "avss" and len(present):
            entries = [(class_names()[index], tuple(colours[index].tolist())) for index in present]
            self._legend = _legend(entries, max(SMALLEST_TEXT, round(side * TEXT_PER_SIDE)))

    def over(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A frame (H, W, 3) under the layer."""
        covered = cv2.addWeighted(pixels, 0.5, self._colours, 0.5, 0)
        result = np.where(self._inside[..., None], covered, pixels).astype(np.uint8, copy=False)
        result[self._outline] = 255
        if self._legend is not None:
            corner = result[: len(self._legend), : self._legend.shape[1]]
            corner[:] = self._legend[: corner.shape[0], : corner.shape[1]]
        return result


def mask_colours(task: Task) -> NDArray[np.uint8]:
    """RGB by class id: those of AVSS's own labels, or one tint for whatever sounds."""
    return class_colours() if task == "avss" else np.stack([np.zeros_like(TINT), TINT])


def _outline(classes: NDArray[np.uint8], present: NDArray[np.uint8], thickness: int) -> NDArray[np.bool_]:
    outline = np.zeros_like(classes)
    for index in present:
        contours, _ = cv2.findContours((classes == index).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(outline, contours, -1, 1, thickness)
    return outline > 0


def _legend(entries: Sequence[tuple[str, tuple[int, ...]]], text: int) -> NDArray[np.uint8]:
    """A box with one line per class: its colour, then its name."""
    font = ImageFont.load_default(text)
    line, margin = round(1.4 * text), round(0.4 * text)
    width = 3 * margin + text + round(max(font.getlength(name) for name, _ in entries))
    box = Image.new("RGB", (width, line * len(entries) + margin), LEGEND_GROUND)
    pen = ImageDraw.Draw(box)
    for row, (name, colour) in enumerate(entries):
        top = margin // 2 + row * line
        middle = top + line // 2
        pen.rectangle((margin, middle - text // 2, margin + text, middle + text // 2), colour, outline="white")
        pen.text((2 * margin + text, middle), name, "white", font, anchor="lm")
    return np.asarray(box)
