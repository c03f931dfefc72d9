"""A folder of pictures, which follow each other by name, as the frames of a video."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

from model.data.errors import DataError
from model.prediction.media.measure import require_sane_size
from model.prediction.media.orientation import Orientation
from model.prediction.media.video import Frame

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


def picture_files(folder: Path) -> list[Path]:
    """Its pictures in the order of their names, numbers by their value: 2.png comes before 10.png.

    Raises:
        DataError: there are none.
    """
    files = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    if not files:
        raise DataError(f"{folder} holds no pictures ({', '.join(SUFFIXES)}): name a folder that does")
    return sorted(files, key=_by_numbers)


def _by_numbers(path: Path) -> list[tuple[int, str]]:
    """Words and numbers take turns, so that like is compared with like."""
    parts = re.split(r"([0-9]+)", path.name)
    return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)]


def pictures(folder: Path) -> Iterator[Frame]:
    """The pictures as frames, upright, all at second 0.

    Raises:
        DataError: there are none, or one cannot be read.
    """
    for path in picture_files(folder):
        yield Frame(0.0, av.VideoFrame.from_ndarray(_pixels(path), format="rgb24"), Orientation())


def _pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Upright pixels (H, W, 3)."""
    try:
        with Image.open(path) as image:
            require_sane_size(path, *image.size)
            if image.mode.startswith(("I", "F")):
                raise DataError(f"{path} has more than 8 bits per channel: convert it to 8 bits")
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except Image.DecompressionBombError:
        raise DataError(f"{path} has too many pixels: make it smaller first") from None
    except (OSError, SyntaxError) as error:
        raise DataError(f"{path} cannot be read as a picture ({error}): replace it") from None
