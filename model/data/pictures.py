"""Reading frames, Maskiges and labels with errors that name the file."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from model.config import CLASSES, Task
from model.data.decoding import read_decoded
from model.data.errors import DataError, FileError


def read_rgb(path: Path, size: int | None, remedy: str) -> NDArray[np.uint8]:
    """Reads a picture as RGB, uint8 (3, size, size); `remedy` says what to do if it is missing.

    Without a `size` it may have any.

    Raises:
        FileError: if it is missing, damaged or of another size.
    """
    return np.ascontiguousarray(read_stored(path, size, remedy, as_rgb=True).transpose(2, 0, 1))


def read_label(path: Path, task: Task, size: int | None, remedy: str) -> NDArray[np.int64]:
    """Reads a mask of S4 or MS3 or a label of AVSS as class ids, int64 (size, size).

    Raises:
        FileError: see `read_binary_mask` and `read_class_ids`.
    """
    if task == "avss":
        return read_class_ids(path, size, CLASSES[task], remedy)
    return read_binary_mask(path, size, remedy)


def read_binary_mask(path: Path, size: int | None, remedy: str) -> NDArray[np.int64]:
    """Reads an S4 or MS3 mask as 0 and 1, int64 (size, size): stored values divided by 255, as the authors do.

    Without a `size` it may have any.

    Raises:
        FileError: also if something is stored, but nothing as 255, which would silently become an empty mask.
    """
    stored = read_stored(path, size, remedy)
    if stored.dtype == np.bool_:
        return stored.astype(np.int64)
    if stored.any() and stored.max() < 255:
        problem = f"stores values up to {stored.max()}"
        raise FileError(path, "values", problem, "masks must store 0 and 255, convert it")
    return (stored // 255).astype(np.int64)


def read_class_ids(path: Path, size: int | None, classes: int, remedy: str) -> NDArray[np.int64]:
    """Reads an AVSS label as class ids 0 to classes - 1, or 255 for ignored, int64 (size, size).

    Without a `size` it may have any.

    Raises:
        FileError: also if it stores another id.
    """
    ids = read_stored(path, size, remedy).astype(np.int64)
    unknown = ids[(ids >= classes) & (ids != 255)]
    if unknown.size:
        remedy = f"ids run from 0 to {classes - 1}, convert it"
        raise FileError(path, "values", f"stores class {unknown.max()}", remedy)
    return ids


def read_stored(path: Path, size: int | None, remedy: str, as_rgb: bool = False) -> NDArray[np.uint8]:
    """Reads the stored values of a label, (size, size), 1-bit ones as bool; or a picture as RGB, (size, size, 3).

    Raises:
        FileError: if it is missing, damaged or of another size, or a label has several channels.
    """
    decode = partial(_decode, path, as_rgb)
    pixels = read_decoded(path, decode, _problem, missing=remedy, damaged="replace it")
    if size is not None and pixels.shape[:2] != (size, size):
        height, width = pixels.shape[:2]
        problem = f"is {width}x{height}, not {size}x{size}"
        raise FileError(path, "size", problem, "set data.size to the data's size, or resize it")
    return pixels


def refuse_another_size(pictures: Iterable[Path], size: int) -> None:
    """Looks at the first picture that is there and readable: all that are made by one recipe have one size.

    Args:
        pictures: where they would lie.
        size: side of those that are to be made, pixels.

    Raises:
        DataError: it has another size.
    """
    for path in filter(Path.exists, pictures):
        try:
            height, width = read_stored(path, None, "", as_rgb=True).shape[:2]
        except FileError:
            continue
        if (height, width) != (size, size):
            remedy = "ask for the size that is there, or delete what was made in it first"
            raise DataError(f"{path} is {width}x{height}, not {size}x{size}: {remedy}")
        return


def _decode(path: Path, as_rgb: bool, file: BinaryIO) -> NDArray[np.uint8]:
    with Image.open(file) as image:
        if not as_rgb and image.mode not in ("1", "L", "P"):
            raise FileError(path, "mode", f"is a {image.mode} picture", "labels have one channel, convert it")
        return np.asarray(image.convert("RGB") if as_rgb else image)


def _problem(error: Exception) -> str:
    """Pillow names the object it read from, where it knows no more to say."""
    reason = "no known format" if isinstance(error, UnidentifiedImageError) else error
    return f"cannot be read as a picture ({reason})"
