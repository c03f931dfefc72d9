"""Reading what trials have predicted of a few clips; see `experiments.prediction_record` for the files' form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.errors import InputError, Problem
from experiments.prediction_record import ARRAYS, ATTENTION, ENDING, OPTIONAL, PredictionRecord
from experiments.records import PREDICTIONS_DIR
from reports.stored.array_files import read_arrays
from reports.stored.documents import refusal

DTYPES = {"heat": np.dtype(np.float16), "sound": np.dtype(np.int16)}
"""Types of the arrays that are not uint8."""


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
    record, arrays = read_arrays(path, PredictionRecord, lambda name: name in ARRAYS or name.startswith(ATTENTION))
    if absent := ARRAYS.keys() - arrays.keys() - set(OPTIONAL):
        raise refusal(path, f"is damaged: it lacks {', '.join(sorted(absent))}")
    attention = {name: arrays.pop(name) for name in list(arrays) if name.startswith(ATTENTION)}
    found: dict[str, Any] = dict.fromkeys(OPTIONAL) | _checked(arrays, path)
    return StoredPrediction(record, **found, attention=_attention(attention, len(found["frames"]), path))


def _order(prediction: StoredPrediction) -> tuple[bool, int, tuple[str, str]]:
    choice = prediction.record.choice
    return choice.rule == "by-id", choice.rank, prediction.name


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
