"""What a network in training makes of a few validation clips, small, for those who watch; no score follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.avsbench import AVSBench
from model.data.batch import Batch
from model.data.chosen_clips import first_by_category
from model.metrics.protocol import ClipScore

PREVIEWED = 2
"""Clips of the validation split that are kept at every validation."""
LONGEST_SIDE = 176
"""The most that a side of a preview's frames has, pixels."""


@dataclass(frozen=True, eq=False)
class ClipPreview:
    """One clip of T frames and what the network makes of it now; h and w are at most `LONGEST_SIDE`."""

    score: ClipScore
    frames: NDArray[np.uint8]
    """(T, h, w, 3) RGB."""
    truth: NDArray[np.uint8]
    """(T, h, w) class ids; 0 is background, 255 is ignored."""
    prediction: NDArray[np.uint8]
    """(T, h, w) the class with the highest score."""


def previewed_places(dataset: AVSBench) -> list[int]:
    """Places of the clips to keep: the first by category, those passed over that are known to be unusable.

    They depend on the data alone, so all trials on the same data show the same clips at every validation.
    """
    usable = (place for place in first_by_category(dataset.entries) if place not in dataset.quarantine.reasons)
    return list(islice(usable, PREVIEWED))


def preview_of(clip: Batch, scores: Tensor, score: ClipScore) -> ClipPreview:
    """A clip that was predicted anyway; reads the class scores and changes nothing.

    Args:
        clip: a single one, all of whose frames have labels.
        scores: its class scores (T, K, H, W).
        score: what the protocol says of it.
    """
    height, width = clip.frames.shape[2:]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return ClipPreview(
        score=score,
        frames=_resized(clip.frames.permute(0, 2, 3, 1), size, Image.Resampling.BOX),
        truth=_resized(clip.labels, size, Image.Resampling.NEAREST),
        # On a CPU `argmax` takes 15 times as long.
        prediction=_resized(scores.max(1).indices, size, Image.Resampling.NEAREST),
    )


def _resized(pictures: Tensor, size: tuple[int, int], resampling: Image.Resampling) -> NDArray[np.uint8]:
    """(T, H, W) or (T, H, W, 3) at another width and height."""
    whole = pictures.byte().contiguous().cpu().numpy()
    return np.stack([np.asarray(Image.fromarray(one).resize(size, resampling)) for one in whole])
