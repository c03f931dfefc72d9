"""Reading what trials in training make of validation clips; see `experiments.preview_record` for the files' form."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from experiments.preview_record import PreviewedClip, PreviewRecord
from reports.stored.array_files import read_arrays
from reports.stored.documents import refusal

PARTS = ("frames.", "truth.", "prediction.")
"""How the names of a clip's arrays begin; its place in the record follows."""


@dataclass(frozen=True, eq=False)
class StoredPreview:
    """One validation clip of T frames and what a trial's newest weights make of it."""

    record: PreviewedClip
    frames: NDArray[np.uint8]
    """(T, H, W, 3) RGB."""
    truth: NDArray[np.uint8]
    """(T, H, W) class ids; `IGNORED` counts nowhere."""
    prediction: NDArray[np.uint8]
    """(T, H, W) class ids."""


@dataclass(frozen=True)
class StoredPreviews:
    """What the newest validation of an attempt has shown."""

    record: PreviewRecord
    clips: tuple[StoredPreview, ...]


def read_previews(path: Path) -> StoredPreviews:
    """What an attempt has shown at its newest validation.

    Raises:
        InputError: the file is missing, damaged, or of another version.
    """
    record, arrays = read_arrays(path, PreviewRecord, lambda name: name.startswith(PARTS))
    return StoredPreviews(record, tuple(_clip(one, place, arrays, path) for place, one in enumerate(record.clips)))


def _clip(record: PreviewedClip, place: int, arrays: Mapping[str, NDArray[Any]], path: Path) -> StoredPreview:
    content, truth, prediction = (arrays.get(f"{part}{place}") for part in PARTS)
    if content is None or truth is None or prediction is None:
        raise refusal(path, f"is damaged: it lacks pictures of clip {place}")
    for ids in (truth, prediction):
        if ids.dtype != np.uint8 or ids.ndim != 3 or ids.shape != truth.shape or min(ids.shape) == 0:
            raise refusal(path, f"is damaged: the classes of clip {place} are {ids.dtype} {ids.shape}")
    count, height, width = truth.shape
    try:
        with Image.open(io.BytesIO(content.tobytes()), formats=["JPEG"]) as picture:
            if picture.size != (count * width, height):
                raise refusal(path, f"is damaged: the frames of clip {place} have {picture.size} pixels")
            pixels = np.asarray(picture.convert("RGB"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise refusal(path, f"is damaged: the frames of clip {place} are no JPEG: {error}") from None
    frames = pixels.reshape(height, count, width, 3).swapaxes(0, 1)
    return StoredPreview(record, frames, truth, prediction)
