"""Writing predictions of a trial's clips into its directory; see `experiments.prediction_record` for their form."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from experiments.prediction_record import ARRAYS, ATTENTION, ENDING, Choice, PredictionRecord, ShownClass
from experiments.records import PREDICTIONS_DIR
from model.config import Task, TrialConfig
from model.data.avss_classes import class_colours, class_names
from model.data.sound_outline import OUTLINE_RATE
from orchestrator.store.array_files import array_bytes
from orchestrator.store.trial_folder import TrialFolder

if TYPE_CHECKING:
    from model.training.predictions import ClipPrediction

LONGEST_NAME = 60
"""Characters of a clip's name that its file's name keeps."""


def write_chosen(folder: TrialFolder, config: TrialConfig, predictions: Sequence[ClipPrediction]) -> list[Path]:
    """Stores the clips that are shown of every trial, in the order in which the rule chose them.

    They are safe from a power loss once the result is written.
    """
    choices = [Choice(rule="first-by-category", rank=rank, chosen=len(predictions)) for rank in range(len(predictions))]
    return [
        write_prediction(folder, config, one, choice, flush=False)
        for one, choice in zip(predictions, choices, strict=True)
    ]


def write_prediction(
    folder: TrialFolder, config: TrialConfig, prediction: ClipPrediction, choice: Choice, *, flush: bool = True
) -> Path:
    """Stores one clip, over what was there.

    Args:
        folder: of the trial.
        config: of the trial.
        prediction: by its tested weights.
        choice: why this clip.
        flush: as for `Storage.write`.
    """
    name = prediction_name(prediction.score.category, prediction.score.clip)
    folder.storage.write(f"{folder.name}/{name}", _file_bytes(prediction, config, choice), flush=flush)
    return folder.path / name


def prediction_name(category: str, clip: str) -> str:
    """Where a clip's prediction lies in the trial directory: the readable part of its name, and a digest of all of it.

    Two clips may differ in characters that no file name should hold, or in upper and lower case only.
    """
    digest = hashlib.sha256(f"{category}/{clip}".encode()).hexdigest()[:8]
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", clip)[:LONGEST_NAME].strip("-")
    return f"{PREDICTIONS_DIR}/{'-'.join(filter(None, (readable, digest)))}{ENDING}"


def shown_classes(task: Task, *maps: NDArray[np.uint8]) -> tuple[ShownClass, ...]:
    """The classes that occur in maps of class ids, background and ignored pixels aside; none for S4 and MS3."""
    if task != "avss":
        return ()
    names, colours = class_names(), class_colours().tolist()
    present = sorted({int(index) for one in maps for index in np.unique(one)} & set(range(1, len(names))))
    return tuple(ShownClass(id=index, name=names[index], colour=tuple(colours[index])) for index in present)


def _file_bytes(prediction: ClipPrediction, config: TrialConfig, choice: Choice) -> bytes:
    score, task = prediction.score, config.data.task
    record = PredictionRecord(
        clip=score.clip,
        category=score.category,
        task=task,
        m_j=score.m_j,
        m_f=score.m_f,
        choice=choice,
        seconds=len(prediction.frames),
        sound_rate=OUTLINE_RATE,
        proposer=config.proposer,
        classes=shown_classes(task, prediction.truth, prediction.prediction),
    )
    arrays = {name: array for name in ARRAYS if (array := getattr(prediction, name)) is not None}
    arrays |= {f"{ATTENTION}{name}": maps for name, maps in prediction.attention.items()}
    return array_bytes(arrays, record)
