"""AVSS frames and labels at the network's size, from the released ones, as the released script makes them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.config import CLASSES
from model.data.avss_classes import class_ids
from model.data.geometry import to_square
from model.data.layout import ClipFiles, released_colours, released_picture
from model.data.output import DAMAGED_TOO, Output
from model.data.picture_writer import write_picture
from model.data.pictures import read_class_ids, read_rgb
from model.data.remedies import RESTORE


def picture_outputs(files: ClipFiles, split: str, size: int) -> Iterator[Output]:
    """The frames and labels that the loader reads.

    Args:
        files: of an AVSS clip.
        split: of the clip; it decides between cropping and squeezing.
        size: side of the prepared pictures, pixels.
    """
    for path in files.frames:
        yield Output(partial(read_rgb, path, size, RESTORE), partial(_write_frame, path, split, size), DAMAGED_TOO)
    for path in files.masks:
        read = partial(read_class_ids, path, size, CLASSES["avss"], RESTORE)
        yield Output(read, partial(_write_label, path, split, size), DAMAGED_TOO)


def _write_frame(path: Path, split: str, size: int) -> None:
    pixels = read_rgb(released_picture(path), None, RESTORE).transpose(1, 2, 0)
    write_picture(path, to_square(Image.fromarray(pixels), split, size, Image.Resampling.BILINEAR))


def _write_label(path: Path, split: str, size: int) -> None:
    write_picture(path, to_square(Image.fromarray(_released_ids(path)), split, size, Image.Resampling.NEAREST))


def _released_ids(path: Path) -> NDArray[np.uint8]:
    """Class ids (H, W) as released, or from the colours where only those were."""
    ids, colours = released_picture(path), released_colours(path)
    if colours.exists() and not ids.exists():
        return class_ids(read_rgb(colours, None, RESTORE).transpose(1, 2, 0))
    return read_class_ids(ids, None, CLASSES["avss"], RESTORE).astype(np.uint8)
