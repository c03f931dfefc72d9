"""AVSS frames and labels at the network's size, from the released ones, as the released script makes them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.config import CLASSES
from model.data.avss_classes import class_ids
from model.data.errors import FileError
from model.data.geometry import to_square
from model.data.layout import ClipFiles, released_colours, released_picture
from model.data.output import DAMAGED_TOO, Output
from model.data.picture_writer import write_picture
from model.data.pictures import measured, read_class_ids, read_rgb, refuse_another_shape
from model.data.remedies import RESTORE


def picture_outputs(files: ClipFiles, split: str, size: int) -> Iterator[Output]:
    """The frames and labels that the loader reads.

    Args:
        files: of an AVSS clip.
        split: of the clip; it decides between cropping and squeezing.
        size: side of the prepared pictures, pixels.
    """
    for path in files.frames:
        yield Output(partial(_read_frame, path, size), partial(_write_frame, path, split, size), DAMAGED_TOO)
    for path, frame in zip(files.masks, compress(files.frames, files.annotated), strict=True):
        read, write = partial(_read_label, path, frame, size), partial(_write_label, path, frame, split, size)
        yield Output(read, write, DAMAGED_TOO)


def refuse_odd_frame(frame: Path) -> None:
    """Looks at the header of what a frame is prepared from, if that is there.

    Raises:
        FileError: it is no picture, far too large, or to be turned by EXIF.
    """
    if (released := released_picture(frame)).exists():
        measured(released, RESTORE)


def refuse_odd_label(label: Path, frame: Path) -> None:
    """Compares the headers of what a label and its frame are prepared from, if both are there.

    Raises:
        FileError: see `refuse_another_shape`.
    """
    released = _released_label(label)
    if not released.exists():
        return
    try:
        frame_size = measured(released_picture(frame), RESTORE)
    except FileError:
        return  # Told of the frame itself.
    refuse_another_shape(released, frame_size, RESTORE)


def _read_frame(path: Path, size: int) -> None:
    read_rgb(path, size, RESTORE)
    refuse_odd_frame(path)


def _read_label(path: Path, frame: Path, size: int) -> None:
    read_class_ids(path, size, CLASSES["avss"], RESTORE)
    refuse_odd_label(path, frame)


def _write_frame(path: Path, split: str, size: int) -> None:
    pixels = read_rgb(released_picture(path), None, RESTORE)
    write_picture(path, to_square(Image.fromarray(pixels), split, size, Image.Resampling.BILINEAR))


def _write_label(path: Path, frame: Path, split: str, size: int) -> None:
    ids = _released_ids(path)
    refuse_odd_label(path, frame)
    write_picture(path, to_square(Image.fromarray(ids), split, size, Image.Resampling.NEAREST))


def _released_label(path: Path) -> Path:
    """The class ids as released, or the colours where only those were."""
    ids, colours = released_picture(path), released_colours(path)
    return colours if colours.exists() and not ids.exists() else ids


def _released_ids(path: Path) -> NDArray[np.uint8]:
    """Class ids (H, W)."""
    released = _released_label(path)
    if released == released_colours(path):
        return class_ids(read_rgb(released, None, RESTORE))
    return read_class_ids(released, None, CLASSES["avss"], RESTORE).astype(np.uint8)
