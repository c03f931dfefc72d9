"""Writing previews of a trial in training into its directory; see `experiments.preview_record` for their form."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.preview_record import PreviewedClip, PreviewRecord
from experiments.records import PREVIEWS_DIR, PREVIEWS_NAME
from model.config import Task
from orchestrator.store.array_files import array_bytes
from orchestrator.store.prediction_files import shown_classes
from orchestrator.store.trial_folder import TrialFolder

if TYPE_CHECKING:
    from model.training.previews import ClipPreview

QUALITY = 85


def write_previews(folder: TrialFolder, task: Task, attempt: int, step: int, previews: Sequence[ClipPreview]) -> None:
    """Stores what a validation has shown, over what the one before has shown. Not flushed to disk.

    Args:
        folder: of the trial.
        task: that it is trained on.
        attempt: that has validated; each writes a file of its own.
        step: after which it has.
        previews: of clips that could be used, at least one.
    """
    record = PreviewRecord(
        step=step,
        task=task,
        clips=tuple(
            PreviewedClip(
                clip=one.score.clip,
                category=one.score.category,
                m_j=one.score.m_j,
                classes=shown_classes(task, one.truth, one.prediction),
            )
            for one in previews
        ),
    )
    arrays: dict[str, NDArray[Any]] = {}
    for place, one in enumerate(previews):
        arrays[f"frames.{place}"] = np.frombuffer(_jpeg(one.frames), dtype=np.uint8)
        arrays[f"truth.{place}"] = one.truth
        arrays[f"prediction.{place}"] = one.prediction
    name = f"{folder.name}/{PREVIEWS_DIR}/{PREVIEWS_NAME.of(attempt)}"
    folder.storage.write(name, array_bytes(arrays, record), flush=False)


def _jpeg(frames: NDArray[np.uint8]) -> bytes:
    """Frames (T, H, W, 3) from left to right."""
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(list(frames), axis=1)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
