"""The outline of a clip's sound, for drawing it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.data.errors import DataError
from model.data.wav_file import read_wav

OUTLINE_RATE = 200
"""Points per second."""


def read_outline(wav: Path, seconds: int) -> NDArray[np.int16]:
    """Lowest and highest sample of each two-hundredth of a second, channels averaged, int16 (n, 2).

    It is shorter than the clip where the sound is, and empty where there is no readable sound: the network gets
    the log-mel, so a clip is complete without.

    Args:
        wav: of the clip.
        seconds: length of the clip.
    """
    try:
        stored, rate = read_wav(wav)
    except DataError:
        return np.zeros((0, 2), dtype=np.int16)
    samples = stored if stored.ndim == 1 else stored.mean(axis=1).astype(np.int16)
    points = min(len(samples) * OUTLINE_RATE // rate, seconds * OUTLINE_RATE)
    if points == 0:
        return np.zeros((0, 2), dtype=np.int16)
    edges = np.arange(points + 1) * rate // OUTLINE_RATE
    samples = samples[: edges[-1]]
    return np.stack([extreme.reduceat(samples, edges[:-1]) for extreme in (np.minimum, np.maximum)], axis=1)
