"""Training augmentation of a clip as in the released loader.

Geometry is drawn once per clip and shared by frames, Maskiges and labels; colour is drawn anew for every picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import EllipsisType
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.config import IGNORED
from model.data.clip import Clip
from model.data.colour import distort_colours

Augment = Literal["scale_crop_colour_flip", "colour_flip", "flip", "none"]
Pictures: TypeAlias = NDArray[np.uint8]
Argument = TypeVar("Argument")

SCALES_IN_TENTHS = range(5, 21)
PICTURE_PADDING = 128


def augment(clip: Clip, kind: Augment, size: int, rng: np.random.Generator) -> Clip:
    """Applies a training chain.

    Args:
        clip: any size; all but `scale_crop_colour_flip` keep it.
        kind: `scale_crop_colour_flip` is the authors' chain for S4 and MS3, `colour_flip` the one for AVSS.
        size: side of the square result of `scale_crop_colour_flip`, pixels.
        rng: source of all draws.
    """
    scaled = kind == "scale_crop_colour_flip"
    if scaled:
        clip = _crop(_scale(clip, size, rng), size, rng)
    if kind in ("scale_crop_colour_flip", "colour_flip"):
        clip = _distort(clip, rng)
    if kind != "none" and rng.random() < 0.5:
        clip = _view(clip, ..., slice(None, None, -1))
    return _pad(clip, size) if scaled else clip


def scale_choices(size: int) -> list[int]:
    """Short sides among which the random resize chooses: half to twice the size in tenths, rounded down."""
    return [int(tenths * 0.1 * size) for tenths in SCALES_IN_TENTHS]


def _scale(clip: Clip, size: int, rng: np.random.Generator) -> Clip:
    short = int(rng.choice(scale_choices(size)))
    height, width = clip.frames.shape[-2:]
    factor = short / min(height, width)
    target = (round(width * factor), round(height * factor))
    return replace(
        clip,
        frames=_resize_pictures(clip.frames, target),
        maskiges=_if_any(_resize_pictures, clip.maskiges, target),
        labels=_resize_labels(clip.labels, target),
    )


def _crop(clip: Clip, size: int, rng: np.random.Generator) -> Clip:
    height, width = clip.frames.shape[-2:]
    top = int(rng.integers(max(height - size, 0), endpoint=True))
    left = int(rng.integers(max(width - size, 0), endpoint=True))
    return _view(clip, ..., slice(top, top + size), slice(left, left + size))


def _distort(clip: Clip, rng: np.random.Generator) -> Clip:
    return replace(clip, frames=_distort_each(clip.frames, rng), maskiges=_if_any(_distort_each, clip.maskiges, rng))


def _distort_each(pictures: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    channels_last = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    return np.stack([distort_colours(picture, rng) for picture in channels_last]).transpose(0, 3, 1, 2)


def _pad(clip: Clip, size: int) -> Clip:
    """Pads right and bottom, after the flip: padding stays on that side."""
    height, width = clip.frames.shape[-2:]
    margin = ((0, max(size - height, 0)), (0, max(size - width, 0)))
    return replace(
        clip,
        frames=_pad_pictures(clip.frames, margin),
        maskiges=_if_any(_pad_pictures, clip.maskiges, margin),
        labels=np.pad(clip.labels, ((0, 0), *margin), constant_values=IGNORED),
    )


def _view(clip: Clip, *index: slice | EllipsisType) -> Clip:
    """The same cut through frames, Maskiges and labels, whose last two axes are the picture's."""
    maskiges = None if clip.maskiges is None else clip.maskiges[index]
    return replace(clip, frames=clip.frames[index], maskiges=maskiges, labels=clip.labels[index])


def _if_any(
    change: Callable[[Pictures, Argument], Pictures], pictures: Pictures | None, argument: Argument
) -> Pictures | None:
    return None if pictures is None else change(pictures, argument)


def _pad_pictures(pictures: Pictures, margin: tuple[tuple[int, int], tuple[int, int]]) -> Pictures:
    return np.pad(pictures, ((0, 0), (0, 0), *margin), constant_values=PICTURE_PADDING)


def _resize_pictures(pictures: NDArray[np.uint8], target: tuple[int, int]) -> NDArray[np.uint8]:
    resized = [
        np.asarray(Image.fromarray(picture).resize(target, Image.Resampling.BILINEAR))
        for picture in np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    ]
    return np.stack(resized).transpose(0, 3, 1, 2)


def _resize_labels(labels: NDArray[np.int64], target: tuple[int, int]) -> NDArray[np.int64]:
    """Nearest neighbour; ids fit into the 8 bits that Pillow resizes."""
    resized = [
        np.asarray(Image.fromarray(label).resize(target, Image.Resampling.NEAREST)) for label in labels.astype(np.uint8)
    ]
    return np.stack(resized).astype(np.int64)
