"""A checkpoint as a model of MLflow: `mlflow.pyfunc.load_model` finds this loader by its name, and no pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from model.interface import Network
    from model.weights.stored_model import StoredModel

VIDEO = "video"
COLUMNS = {"video": "string", "second": "long", "area_share": "double", "mean_score": "double", "classes": "string"}
"""Columns of the answer, with MLflow's types; `classes` is JSON, the part of the picture that each class takes."""


class VideoSegmenter:
    """Segments what sounds in video files.

    Args:
        stored: which weights.
        model: filled with them.
    """

    def __init__(self, stored: StoredModel, model: Network) -> None:
        self._stored, self._model = stored, model

    def predict(self, videos: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """What is segmented in each second of each video.

        Args:
            videos: a column `video` with paths of files.
            params: none; MLflow passes them to every model.

        Returns:
            a row per second, with the columns `COLUMNS`.

        Raises:
            DataError: a video cannot be read.
        """
        import pandas as pd
        import torch

        from model.prediction.description import tell
        from model.prediction.media.opening import open_video
        from model.prediction.segment import seconds, segment
        from model.proposals.proposer import build_proposer

        proposer, config = build_proposer("felzenszwalb"), self._stored.config
        rows = []
        for video in videos[VIDEO]:
            inputs = seconds(open_video(Path(video)), config, proposer)
            for segmented in segment(inputs, self._model, config, torch.device("cpu")):
                told = tell(segmented, config.data.task)
                rows.append((video, told.second, told.area_share, told.mean_score, json.dumps(told.classes)))
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"mean_score": "float64"})


def _load_pyfunc(folder: str) -> VideoSegmenter:
    """Called by MLflow with the checkpoint's folder.

    Raises:
        CheckpointError: it is damaged.
    """
    from model.weights.stored_model import load_model, read_stored_model

    stored = read_stored_model(Path(folder))
    return VideoSegmenter(stored, load_model(stored))
