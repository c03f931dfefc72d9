"""Reading what trials have predicted of a few clips; see `experiments.prediction_record` for the files' form."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.errors import InputError, Problem
from experiments.prediction_record import ARRAYS, ATTENTION, ENDING, OPTIONAL, RECORD, PredictionRecord
from experiments.records import PREDICTIONS_DIR
from experiments.validate import validate
from model.regular_files import open_regular
from reports.stored.documents import refusal, shown
from reports.stored.zip_damage import ZIP_DAMAGE

LARGEST = 2**28
"""Bytes of all arrays of a file together; ten frames of 1024 x 1024 pixels take less than half."""
DTYPES = {"heat": np.dtype(np.float16), "sound": np.dtype(np.int16)}
"""Types of the arrays that are not uint8."""
DAMAGE = (*ZIP_DAMAGE, TokenError, MemoryError)
"""Errors of a damaged file. numpy parses an array's shape as a Python literal, so a wrong one may be of any size."""


@dataclass(frozen=True, eq=False)
class StoredPrediction:
    """One test clip of T frames and what a trial's tested weights make of it."""

    record: PredictionRecord
    frames: NDArray[np.uint8]
    """(T, H, W, 3) RGB."""
    maskiges: NDArray[np.uint8] | None
    """(T, H, W, 3) RGB; None of a network that looks at none."""
    truth: NDArray[np.uint8]
    """(T, H, W) class ids; `IGNORED` counts nowhere."""
    prediction: NDArray[np.uint8]
    """(T, H, W) class ids."""
    heat: NDArray[np.float16]
    """(T, H, W) share of the class scores that is not background's, 0 to 1."""
    sound: NDArray[np.int16]
    """(n, 2) lowest and highest sample of each stretch."""
    attention: Mapping[str, NDArray[np.float16]]
    """(T, h, w) from 0 to 1 by name, each of its own size; none of a network that names none."""

    @property
    def name(self) -> tuple[str, str]:
        """Category and clip, which together are unique within a task."""
        return self.record.category, self.record.clip


def read_predictions(trial: Path) -> tuple[list[StoredPrediction], list[Problem]]:
    """All predictions of a trial directory, in the order in which their clips were chosen, and what is wrong.

    Args:
        trial: the directory.
    """
    predictions: list[StoredPrediction] = []
    problems: list[Problem] = []
    for path in sorted((trial / PREDICTIONS_DIR).glob(f"[!.]*{ENDING}")):
        try:
            predictions.append(read_prediction(path))
        except InputError as error:
            problems += error.problems
    return sorted(predictions, key=_order), problems


def read_prediction(path: Path) -> StoredPrediction:
    """One prediction; nothing in the file is ever run.

    Raises:
        InputError: it is missing, damaged, or of another version.
    """
    try:
        arrays = _read_arrays(path)
    except OSError as error:
        raise refusal(path, f"cannot be read: {error.strerror or error}") from None
    except DAMAGE as error:
        raise refusal(path, f"is damaged: {str(error) or type(error).__name__}") from None
    record = _record(arrays.pop(RECORD), path)
    attention = {name: arrays.pop(name) for name in list(arrays) if name.startswith(ATTENTION)}
    found: dict[str, Any] = dict.fromkeys(OPTIONAL) | _checked(arrays, path)
    return StoredPrediction(record, **found, attention=_attention(attention, len(found["frames"]), path))


def _order(prediction: StoredPrediction) -> tuple[bool, int, tuple[str, str]]:
    choice = prediction.record.choice
    return choice.rule == "by-id", choice.rank, prediction.name


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    with open_regular(path, LARGEST) as file:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > LARGEST:
            raise ValueError(f"its arrays take {size} bytes")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            known = [name for name in (RECORD, *ARRAYS) if name in arrays or name not in OPTIONAL]
            return {name: arrays[name] for name in (*known, *(n for n in arrays if n.startswith(ATTENTION)))}


def _record(content: NDArray[Any], path: Path) -> PredictionRecord:
    try:
        values = json.loads(np.asarray(content).tobytes())
    except (ValueError, RecursionError):
        raise refusal(path, "is damaged: its record is no JSON") from None
    return validate(PredictionRecord, values, shown(path))


def _checked(arrays: Mapping[str, NDArray[Any]], path: Path) -> dict[str, NDArray[Any]]:
    """Refuses arrays that do not belong together, which no drawing could show."""
    frames = arrays["frames"].shape[:3]
    for name, array in arrays.items():
        wanted = DTYPES.get(name, np.dtype(np.uint8))
        fits = array.shape[1:] == (2,) if name == "sound" else array.shape[:3] == frames and min(array.shape) > 0
        if array.dtype != wanted or array.ndim != ARRAYS[name] or not fits or (array.ndim == 4 and array.shape[3] != 3):
            raise refusal(path, f"is damaged: '{name}' is {array.dtype} {array.shape}")
    if not np.isfinite(arrays["heat"]).all():
        raise refusal(path, "is damaged: 'heat' is not finite")
    return dict(arrays)


def _attention(arrays: Mapping[str, NDArray[Any]], frames: int, path: Path) -> dict[str, NDArray[np.float16]]:
    """Maps by their own names; refuses any that no drawing could show."""
    for name, array in arrays.items():
        fits = array.ndim == 3 and len(array) == frames and min(array.shape) > 0
        if array.dtype != np.float16 or not fits or not np.isfinite(array).all():
            raise refusal(path, f"is damaged: '{name}' is {array.dtype} {array.shape}, or not finite")
    return {name.removeprefix(ATTENTION): array for name, array in arrays.items()}
