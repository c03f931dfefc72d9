"""Reading frames, Maskiges and labels with errors that name the file."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from model.config import CLASSES, Task
from model.data.decoding import read_decoded
from model.data.errors import DataError, FileError

MOST_PIXELS = 2**25
"""Most pixels of one picture: a frame of 8K video. A small file can claim any number, and decoding it fills memory."""
ORIENTATION, UPRIGHT = 0x0112, 1
"""EXIF's tag for how a picture is to be turned before it is shown, and its value for not at all."""
GREY_16 = ("I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes of 16-bit grey pictures."""
DEPTHS = dict.fromkeys(GREY_16, "16 bits a pixel") | {"I": "32 bits a pixel", "F": "floating-point pixels"}


def read_rgb(path: Path, size: int | None, remedy: str) -> NDArray[np.uint8]:
    """Reads a picture as RGB, uint8 (size, size, 3); `remedy` says what to do if it is missing.

    Without a `size` it may have any. Of 16-bit grey the highest 8 bits are taken, as of 16-bit RGB.

    Raises:
        FileError: if it is missing, damaged, of another size, far too large, to be turned by EXIF, or has pixels of
            another depth.
    """
    return read_stored(path, size, remedy, as_rgb=True)


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
        FileError: see `read_rgb`; also if a label has several channels or more than 8 bits. A picture of another size
            is refused by its header, before it is decoded.
    """
    decode = partial(_decode, path, size, as_rgb)
    return read_decoded(path, decode, _problem, missing=remedy, damaged="replace it")


def measured(path: Path, remedy: str) -> tuple[int, int]:
    """Width and height by a picture's header.

    Raises:
        FileError: if it is missing, no picture, far too large, or to be turned by EXIF.
    """

    def size_of(file: BinaryIO) -> tuple[int, int]:
        with _opened(path, file) as image:
            return image.size

    return read_decoded(path, size_of, _problem, missing=remedy, damaged="replace it")


def refuse_another_shape(label: Path, frame_size: tuple[int, int], remedy: str) -> None:
    """Compares a label with its frame, which may be larger or smaller, but shows the same field of view.

    Args:
        label: the file.
        frame_size: width and height of its frame, pixels.
        remedy: what to do if there is no label.

    Raises:
        FileError: see `measured`; also if the proportions differ by more than rounding does.
    """
    (width, height), (frame_width, frame_height) = measured(label, remedy), frame_size
    # Scaled to the other's width, the height is off by less than a pixel of the smaller picture.
    if abs(width * frame_height - height * frame_width) > max(width, height, frame_width, frame_height):
        problem = f"is {width}x{height}, its frame {frame_width}x{frame_height}"
        raise FileError(label, "size", problem, "turn or crop one of them so that they show the same")


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


def _decode(path: Path, size: int | None, as_rgb: bool, file: BinaryIO) -> NDArray[np.uint8]:
    with _opened(path, file) as image:
        width, height = image.size
        if size is not None and (width, height) != (size, size):
            problem = f"is {width}x{height}, not {size}x{size}"
            raise FileError(path, "size", problem, "set data.size to the data's size, or resize it")
        if as_rgb and image.mode in GREY_16:
            grey = (np.asarray(image) >> 8).astype(np.uint8)
            return np.stack([grey] * 3, axis=-1)
        if image.mode in DEPTHS:
            raise FileError(path, "mode", f"has {DEPTHS[image.mode]}", "save it with 8 bits")
        if not as_rgb and image.mode not in ("1", "L", "P"):
            raise FileError(path, "mode", f"is a {image.mode} picture", "labels have one channel, convert it")
        return np.asarray(image.convert("RGB") if as_rgb else image)


@contextmanager
def _opened(path: Path, file: BinaryIO) -> Iterator[Image.Image]:
    """A picture whose header is read and whose pixels are not, if it is fit to be decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(file)
        except Image.DecompressionBombError:
            raise _too_large(path) from None
    with image:
        if image.width * image.height > MOST_PIXELS:
            raise _too_large(path)
        if (turn := _orientation(image)) in range(UPRIGHT + 1, 9):
            problem = f"is to be turned before it is shown (EXIF orientation {turn}), unlike the pictures beside it"
            raise FileError(path, "mode", problem, "save it upright, without that tag")
        yield image


def _orientation(image: Image.Image) -> object:
    """EXIF's orientation; of a PNG only what stands before the pixels, since Pillow would decode them for the rest."""
    if image.format == "PNG" and "exif" not in image.info:
        return UPRIGHT
    return image.getexif().get(ORIENTATION, UPRIGHT)


def _too_large(path: Path) -> FileError:
    problem = f"has more than {MOST_PIXELS // 10**6} million pixels by its header"
    return FileError(path, "size", problem, "replace it")


def _problem(error: Exception) -> str:
    """Pillow names the object it read from, where it knows no more to say."""
    reason = "no known format" if isinstance(error, UnidentifiedImageError) else error
    return f"cannot be read as a picture ({reason})"
