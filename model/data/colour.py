"""SSD colour distortion, as the released loader applies it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

BRIGHTNESS = 32.0
FACTORS = (0.5, 1.5)
"""Range of the contrast and saturation factors."""
HUE = 18
"""Largest hue shift in OpenCV's 8-bit hue, of which 180 make a turn."""


def distort_colours(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Brightness, contrast, saturation and hue, each with probability one half, rounded to 8 bits after every step.

    Args:
        picture: (H, W, 3) RGB.
        rng: source of all draws.

    Returns:
        A picture of the same shape and type.
    """
    picture = _brightness(picture, rng)
    if _coin(rng):
        return _hue(_saturation(_contrast(picture, rng), rng), rng)
    return _contrast(_hue(_saturation(picture, rng), rng), rng)


def _brightness(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    return _linear(picture, offset=rng.uniform(-BRIGHTNESS, BRIGHTNESS)) if _coin(rng) else picture


def _contrast(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    return _linear(picture, factor=rng.uniform(*FACTORS)) if _coin(rng) else picture


def _saturation(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    if not _coin(rng):
        return picture
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 1] = _linear(hsv[..., 1], factor=rng.uniform(*FACTORS))
    return _to_rgb(hsv)


def _hue(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    if not _coin(rng):
        return picture
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int64) + rng.integers(-HUE, HUE, endpoint=True)) % 180
    return _to_rgb(hsv)


def _linear(values: NDArray[np.uint8], factor: float = 1.0, offset: float = 0.0) -> NDArray[np.uint8]:
    changed: NDArray[np.uint8] = np.clip(values.astype(np.float32) * factor + offset, 0, 255).astype(np.uint8)
    return changed


def _to_rgb(hsv: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rgb: NDArray[np.uint8] = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return rgb


def _coin(rng: np.random.Generator) -> bool:
    return bool(rng.random() < 0.5)
