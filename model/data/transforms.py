"""Training augmentation of a clip as in the released loader.

Geometry is drawn once per clip and shared by frames, Maskiges and labels; colour is drawn anew for every picture. All
is drawn first, then done: each picture is resized only where it is shown, and joins the others in one buffer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.config import IGNORED
from model.data.clip import Clip
from model.data.colour import Distortion, distort, draw_distortion
from model.data.resizing import Window, nearest_window, resized_window

Augment = Literal["scale_crop_colour_flip", "colour_flip", "flip", "none"]

SCALES_IN_TENTHS = range(5, 21)
PICTURE_PADDING = 128


@dataclass(frozen=True)
class Augmentation:
    """What was drawn for a clip."""

    window: Window | None
    """What is shown of the resized pictures, padded to a square; None shows all, unresized."""
    frames: tuple[Distortion, ...]
    """Colours of each frame."""
    maskiges: tuple[Distortion, ...]
    """Colours of each Maskige."""
    is_flipped: bool


def augment(clip: Clip, kind: Augment, size: int, rng: np.random.Generator) -> Clip:
    """Applies a training chain.

    Args:
        clip: any size; all but `scale_crop_colour_flip` keep it.
        kind: `scale_crop_colour_flip` is the authors' chain for S4 and MS3, `colour_flip` the one for AVSS.
        size: side of the square result of `scale_crop_colour_flip`, pixels.
        rng: source of all draws.
    """
    if kind == "none":
        return clip
    drawn = draw(clip, kind, size, rng)
    return replace(
        clip,
        frames=_pictures(clip.frames, drawn, drawn.frames),
        maskiges=None if clip.maskiges is None else _pictures(clip.maskiges, drawn, drawn.maskiges),
        labels=augmented_labels(clip.labels, drawn),
    )


def draw(clip: Clip, kind: Augment, size: int, rng: np.random.Generator) -> Augmentation:
    """Everything that a chain other than `none` leaves to chance; see `augment`."""
    window = _draw_window(clip, size, rng) if kind == "scale_crop_colour_flip" else None
    maskiges = () if clip.maskiges is None else clip.maskiges
    frame_colours, maskige_colours = (
        tuple(() if kind == "flip" else draw_distortion(rng) for _ in pictures) for pictures in (clip.frames, maskiges)
    )
    return Augmentation(window, frame_colours, maskige_colours, is_flipped=rng.random() < 0.5)


def scale_choices(size: int) -> list[int]:
    """Short sides among which the random resize chooses: half to twice the size in tenths, rounded down."""
    return [int(tenths * 0.1 * size) for tenths in SCALES_IN_TENTHS]


def _draw_window(clip: Clip, size: int, rng: np.random.Generator) -> Window:
    short = int(rng.choice(scale_choices(size)))
    height, width = clip.frames.shape[-2:]
    factor = short / min(height, width)
    resized = (round(width * factor), round(height * factor))
    top, left = (int(rng.integers(max(side - size, 0), endpoint=True)) for side in reversed(resized))
    return Window(resized, top, left, size)


def _pictures(pictures: NDArray[np.uint8], drawn: Augmentation, distortions: Sequence[Distortion]) -> NDArray[np.uint8]:
    """(T, 3, H, W) to (T, 3, side, side)."""
    window = drawn.window
    channels_last = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    buffer = np.empty_like(channels_last).transpose(0, 3, 1, 2) if window is None else _buffer(len(pictures), window)
    for place, picture, distortion in zip(buffer, channels_last, distortions, strict=True):
        shown = distort(picture if window is None else resized_window(picture, window), distortion)
        _put(place, shown.transpose(2, 0, 1), drawn)
    return buffer


def augmented_labels(labels: NDArray[np.int64], drawn: Augmentation) -> NDArray[np.int64]:
    """Label maps (n, H, W) to (n, side, side)."""
    window = drawn.window
    if window is None:
        buffer, shown = np.empty_like(labels), labels
    else:
        buffer, shown = np.full((len(labels), window.side, window.side), IGNORED), nearest_window(labels, window)
    _put(buffer, shown, drawn)
    return buffer


def _put(place: NDArray[Any], shown: NDArray[Any], drawn: Augmentation) -> None:
    """Fills the upper left of (..., side, side); flipped or not, padding stays right and below."""
    height, width = shown.shape[-2:]
    place[..., :height, :width] = shown[..., ::-1] if drawn.is_flipped else shown


def _buffer(count: int, window: Window) -> NDArray[np.uint8]:
    """For pictures; with padding where the window reaches beyond them."""
    shape = (count, 3, window.side, window.side)
    if (window.height, window.width) == shape[2:]:
        return np.empty(shape, np.uint8)
    return np.full(shape, PICTURE_PADDING, np.uint8)
