"""A trained network from Python: weights in, masks out. MLflow is not asked."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from model.interface import Network
    from model.weights.stored_model import StoredModel


FINEST_RATE = 100_000
"""Largest denominator of a frame rate."""


class Prediction(NamedTuple):
    """What a network makes of a video with T masks of H x W pixels, the video's own size."""

    masks: NDArray[np.uint8]
    """(T, H, W) class of each pixel: 0 is background; S4 and MS3 have 1 for what sounds, AVSS its class ids."""
    scores: NDArray[np.float32]
    """(T, H, W) share of the class scores that is not background's, from 0 to 1. No calibrated probability."""
    timings: pd.DataFrame
    """A row for each mask, seconds: `begin` and `end` of what it shows in the video, and `took`, the time until it was
    there. The network looks at 5 or 10 seconds at once, so the first mask of each such clip took most of its time."""


class TrainedModel:
    """A network with its weights, ready to segment.

    Args:
        stored: which weights.
        network: filled with them.
        device: where it is, in torch's words.
    """

    def __init__(self, stored: StoredModel, network: Network, device: str) -> None:
        self._stored, self._network, self._device = stored, network, device

    @property
    def task(self) -> str:
        """What it was trained on: `s4`, `ms3` or `avss`."""
        return self._stored.config.data.task

    @property
    def settings(self) -> dict[str, object]:
        """The configuration that it was trained under, by dotted key."""
        from experiments.identity import flatten

        return flatten(self._stored.config)

    @property
    def checksum(self) -> str:
        """SHA-256 of the weights."""
        return self._stored.checksum

    def predict(
        self,
        video: str | Path,
        *,
        sound: str | Path | None = None,
        frame_rate: float | None = None,
        rate: int = 1,
        proposer: str = "felzenszwalb",
        proposer_weights: str | Path | None = None,
    ) -> Prediction:
        """Segments what sounds in a video.

        Args:
            video: a file with pictures and sound, or a folder of pictures, in the order of the numbers in their names.
            sound: a file whose sound is used instead; a folder of pictures needs one.
            frame_rate: of a folder of pictures, how many there are in a second.
            rate: masks per second.
            proposer: who finds the masks of the Maskiges, for networks that look at any: `felzenszwalb`, `sam` or
                `mobile-sam`.
            proposer_weights: file of `sam` or `mobile-sam`.

        Returns:
            masks, scores and timings; they are in memory at once, which is 5 bytes a pixel.

        Raises:
            DataError: the video cannot be read, or is damaged.
            InputError: `rate` is below 1.
        """
        import numpy as np
        import pandas as pd
        import torch

        from experiments.errors import InputError, Problem
        from model.prediction.media.opening import Choice, open_video
        from model.prediction.segment import seconds, segment
        from model.proposals.proposer import build_proposer

        if rate < 1:
            raise InputError(Problem(f"rate {rate}", "is no number of masks per second", "use 1 or more"))
        config = self._stored.config
        weights = None if proposer_weights is None else Path(proposer_weights)
        built = build_proposer(proposer, weights, self._device)
        choice = Choice(
            sound=None if sound is None else Path(sound),
            frame_rate=None if frame_rate is None else Fraction(frame_rate).limit_denominator(FINEST_RATE),
        )
        inputs = seconds(open_video(Path(video), choice), config, built, rate)
        masks, scores, took, began = [], [], [], time.perf_counter()
        for segmented in segment(inputs, self._network, config, torch.device(self._device), rate):
            masks.append(segmented.classes)
            scores.append(segmented.score)
            took.append(time.perf_counter() - began)
            began = time.perf_counter()
        begins = np.arange(len(masks)) / rate
        timings = pd.DataFrame({"begin": begins, "end": begins + 1 / rate, "took": took})
        return Prediction(np.stack(masks), np.stack(scores), timings)


def load_model(trial_or_checkpoint: str | Path, storage: str | None = None, device: str = "cpu") -> TrainedModel:
    """The network of a finished trial, of imported weights, or of a folder of weights.

    Args:
        trial_or_checkpoint: a trial key, the name of imported weights, or a folder such as `checkpoints/best-00000200`.
        storage: folder or bucket that holds the trial; by default as for `results`.
        device: where it shall run, in torch's words.

    Raises:
        InputError: there is no such trial, or it is not finished.
        CheckpointError: the weights are damaged.
    """
    from model.weights.stored_model import load_model as fill
    from model.weights.stored_model import read_stored_model
    from orchestrator.settings import resolve_settings
    from orchestrator.store.checkpoint_names import checkpoint_folder
    from orchestrator.store.store import Store

    folder = checkpoint_folder(str(trial_or_checkpoint), Store(resolve_settings(storage).storage))
    stored = read_stored_model(folder)
    return TrainedModel(stored, fill(stored, device), device)
