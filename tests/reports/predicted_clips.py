"""Predictions in a storage folder, as trials write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from experiments.prediction_record import Choice
from experiments.trial import Trial
from model.metrics.protocol import ClipScore
from model.training.predictions import ClipPrediction
from model.training.previews import ClipPreview
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.prediction_files import write_prediction
from orchestrator.store.store import Store

FRAMES, SIZE = 5, 16


def clip_prediction(clip: str = "clip-0", category: str = "dog", m_j: float = 0.5, **changes: Any) -> ClipPrediction:
    """A square that moves to the right; `changes` replace arrays."""
    truth = np.zeros((FRAMES, SIZE, SIZE), dtype=np.uint8)
    for frame in range(FRAMES):
        truth[frame, 4:10, frame : frame + 6] = 1
    frames = np.repeat(120 * truth[..., None], 3, axis=3)
    sound = np.tile(np.array([[-900, 1200]], dtype=np.int16), (200 * FRAMES, 1))
    heat = (0.8 * truth).astype(np.float16)
    arrays = {"frames": frames, "maskiges": frames, "truth": truth, "prediction": truth, "heat": heat, "sound": sound}
    return ClipPrediction(ClipScore(clip, category, m_j, 0.6, FRAMES, 0), **(arrays | changes))


def clip_preview(clip: str = "clip-0", category: str = "dog", m_j: float = 0.5) -> ClipPreview:
    """The same clip of another split, in training."""
    made = clip_prediction(clip, category, m_j)
    return ClipPreview(made.score, made.frames, made.truth, made.prediction)


def store_prediction(root: Path, trial: Trial, prediction: ClipPrediction, rank: int = 0, **choice: Any) -> Path:
    """As one of two clips that were chosen by rule, unless `choice` says otherwise."""
    chosen = Choice(**({"rule": "first-by-category", "rank": rank, "chosen": 2} | choice))
    return write_prediction(Store(FolderStorage(root)).trial(trial.key), trial.config, prediction, chosen)
