"""SSD colour distortion, as the released loader applies it.

Brightness, contrast, saturation and hue change each value by itself, so a step is a table of 256 values: the same bits
as the arithmetic gives, for a look-up per pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

BRIGHTNESS = 32.0
FACTORS = (0.5, 1.5)
"""Range of the contrast and saturation factors."""
HUE = 18
"""Largest hue shift in OpenCV's 8-bit hue, of which 180 make a turn."""
HUES = 180
VALUES = np.arange(256, dtype=np.uint8)

Changed = Literal["rgb", "hue", "saturation"]


@dataclass(frozen=True, eq=False)
class ColourStep:
    """A change of one kind of value, rounded to 8 bits."""

    changed: Changed
    table: NDArray[np.uint8]
    """(256,) what each value becomes."""


Distortion = tuple[ColourStep, ...]
"""Steps of one picture, in order."""


def draw_distortion(rng: np.random.Generator) -> Distortion:
    """Brightness, contrast, saturation and hue, each with probability one half.

    Args:
        rng: source of all draws.
    """
    steps = _brightness(rng)
    if _coin(rng):
        steps += _contrast(rng) + _saturation(rng) + _hue(rng)
    else:
        steps += _saturation(rng) + _hue(rng) + _contrast(rng)
    return tuple(steps)


def distort(picture: NDArray[np.uint8], distortion: Distortion) -> NDArray[np.uint8]:
    """Applies the steps.

    Args:
        picture: (H, W, 3) RGB, contiguous; it is not changed.
        distortion: from `draw_distortion`.

    Returns:
        A picture of the same shape and type; the same one if there are no steps.
    """
    for step in distortion:
        if step.changed == "rgb":
            picture = _looked_up(picture, step.table)
        else:
            hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
            channel = 0 if step.changed == "hue" else 1
            cv2.insertChannel(_looked_up(cv2.extractChannel(hsv, channel), step.table), hsv, channel)
            picture = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), dtype=np.uint8)
    return picture


def _brightness(rng: np.random.Generator) -> list[ColourStep]:
    return [ColourStep("rgb", _linear(offset=rng.uniform(-BRIGHTNESS, BRIGHTNESS)))] if _coin(rng) else []


def _contrast(rng: np.random.Generator) -> list[ColourStep]:
    return [ColourStep("rgb", _linear(factor=rng.uniform(*FACTORS)))] if _coin(rng) else []


def _saturation(rng: np.random.Generator) -> list[ColourStep]:
    return [ColourStep("saturation", _linear(factor=rng.uniform(*FACTORS)))] if _coin(rng) else []


def _hue(rng: np.random.Generator) -> list[ColourStep]:
    if not _coin(rng):
        return []
    turned = (VALUES.astype(np.int64) + rng.integers(-HUE, HUE, endpoint=True)) % HUES
    return [ColourStep("hue", turned.astype(np.uint8))]


def _linear(factor: float = 1.0, offset: float = 0.0) -> NDArray[np.uint8]:
    """In 32-bit numbers, as the released code computes."""
    return np.clip(VALUES.astype(np.float32) * factor + offset, 0, 255).astype(np.uint8)


def _looked_up(values: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.LUT(values, table), dtype=np.uint8)


def _coin(rng: np.random.Generator) -> bool:
    return bool(rng.random() < 0.5)
