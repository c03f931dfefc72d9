"""The sound of a video file, second by second, as the log-mel front end takes it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import av
import numpy as np
from numpy.typing import NDArray

from model.audio.logmel import SAMPLE_RATE
from model.prediction.video import Video, opened


def sound_of_each_second(video: Video) -> Iterator[NDArray[np.int16]]:
    """16 kHz mono PCM, int16 (16000,) per second since the video's first frame; silence once the sound is over.

    FFmpeg resamples and mixes channels, as it did for the data set's wav files.

    Raises:
        DataError: the file is damaged.
    """
    waiting = np.empty(0, dtype=np.int16)
    for piece in _pieces(video):
        waiting = np.concatenate([waiting, piece])
        while len(waiting) >= SAMPLE_RATE:
            yield waiting[:SAMPLE_RATE]
            waiting = waiting[SAMPLE_RATE:]
    yield np.pad(waiting, (0, SAMPLE_RATE - len(waiting)))
    while True:
        yield np.zeros(SAMPLE_RATE, dtype=np.int16)


def _pieces(video: Video) -> Iterator[NDArray[np.int16]]:
    """The sound from the first frame on: silence where it starts later, cut where it starts earlier."""
    surplus: int | None = None
    for piece, time in _resampled(video):
        if surplus is None:
            surplus = round((video.start - time) * SAMPLE_RATE)
            if surplus < 0:
                yield np.zeros(-surplus, dtype=np.int16)
                surplus = 0
        yield piece[surplus:]
        surplus = max(surplus - len(piece), 0)


def _resampled(video: Video) -> Iterator[tuple[NDArray[np.int16], float]]:
    """Decoded pieces, and when the file's clock plays them."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with opened(video.path) as container:
        stream = container.streams.audio[0]
        for decoded in chain(container.decode(stream), [None]):
            for frame in resampler.resample(decoded):
                yield frame.to_ndarray()[0].astype(np.int16, copy=False), frame.time or 0.0
