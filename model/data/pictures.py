"""Reading frames, Maskiges and labels with errors that name the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from model.data.errors import DataError


def read_rgb(path: Path, size: int, remedy: str) -> NDArray[np.uint8]:
    """Reads a picture as RGB, uint8 (3, size, size); `remedy` says what to do if it is missing."""
    return np.ascontiguousarray(_read(path, size, remedy, as_rgb=True).transpose(2, 0, 1))


def read_binary_mask(path: Path, size: int, remedy: str) -> NDArray[np.int64]:
    """Reads an S4 or MS3 mask as 0 and 1, int64 (size, size): stored values divided by 255, as the authors do.

    Raises:
        DataError: also if something is stored, but nothing as 255, which would silently become an empty mask.
    """
    stored = _read(path, size, remedy)
    if stored.dtype == np.bool_:
        return stored.astype(np.int64)
    if stored.any() and stored.max() < 255:
        raise DataError(f"{path} stores values up to {stored.max()}: masks must store 0 and 255, convert it")
    return (stored // 255).astype(np.int64)


def read_class_ids(path: Path, size: int, classes: int, remedy: str) -> NDArray[np.int64]:
    """Reads an AVSS label as class ids 0 to classes - 1, or 255 for ignored, int64 (size, size)."""
    ids = _read(path, size, remedy).astype(np.int64)
    unknown = ids[(ids >= classes) & (ids != 255)]
    if unknown.size:
        raise DataError(f"{path} stores class {unknown.max()}: ids run from 0 to {classes - 1}, convert it")
    return ids


def _read(path: Path, size: int, remedy: str, as_rgb: bool = False) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            if not as_rgb and image.mode not in ("1", "L", "P"):
                raise DataError(f"{path} is a {image.mode} picture: labels have one channel, convert it")
            pixels = np.asarray(image.convert("RGB") if as_rgb else image)
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {remedy}") from None
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} cannot be read as a picture ({error}): replace it") from None
    if pixels.shape[:2] != (size, size):
        height, width = pixels.shape[:2]
        raise DataError(
            f"{path} is {width}x{height}, not {size}x{size}: set data.size to the data's size, or resize it"
        )
    return pixels
