"""The sound of a video file, every piece in the place that the file's clock gives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from model.audio.logmel import SAMPLE_RATE
from model.prediction.media.container import opened
from model.prediction.media.damage import Damage, decoded
from model.prediction.media.tracks import Track

JITTER = 0.1
"""Seconds. Files round the times of sound: what begins so near to the end of the piece before follows it directly."""


@dataclass(frozen=True)
class Sound:
    """Where the sound of a video is."""

    path: Path
    """The video file itself, or a file of its own."""
    track: Track
    start: float
    """What this file's clock shows at the video's first frame, seconds."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Sound without a break."""

    start: int
    """Samples since the video's first frame, not before the end of the piece before."""
    samples: NDArray[Any]
    """(channels, n)."""


def sound_of_each_second(sound: Sound) -> Iterator[NDArray[np.int16]]:
    """16 kHz mono PCM, int16 (16000,) per second since the video's first frame, without end; gaps are silent.

    FFmpeg resamples and mixes channels, as it did for the data set's wav files.

    Raises:
        DataError: too much of the file is damaged.
    """
    second, begun = _silence(), 0
    for piece in sound_pieces(sound, "s16", "mono", SAMPLE_RATE):
        start, samples = piece.start, piece.samples[0]
        while len(samples):
            while start >= begun + SAMPLE_RATE:
                yield second
                second, begun = _silence(), begun + SAMPLE_RATE
            fitting = samples[: begun + SAMPLE_RATE - start]
            second[start - begun :][: len(fitting)] = fitting
            start, samples = start + len(fitting), samples[len(fitting) :]
    yield second
    while True:
        yield _silence()


def sound_pieces(
    sound: Sound, sample_format: str, layout: str, rate: int, damage: Damage | None = None
) -> Iterator[Piece]:
    """The sound in order. What is older than the video's first frame is left out, what overlaps is cut.

    Args:
        sound: to be decoded.
        sample_format: of the samples, FFmpeg's name; planar where the layout has several channels.
        layout: of the channels, FFmpeg's name.
        rate: samples per second.
        damage: of the sound, counted here.

    Raises:
        DataError: too much of the file is damaged.
    """
    end: int | None = None
    for frame in _resampled(sound, sample_format, layout, rate, damage or Damage(sound.path, "sound", sound.start)):
        samples = frame.to_ndarray()
        start = (end or 0) if frame.time is None else round((frame.time - sound.start) * rate)
        if end is not None and abs(start - end) <= JITTER * rate:
            start = end
        cut = max(0, max(0, end or 0) - start)
        if cut < samples.shape[1]:
            yield Piece(start + cut, samples[:, cut:])
        end = max(end or start, start + samples.shape[1])


def _resampled(sound: Sound, sample_format: str, layout: str, rate: int, damage: Damage) -> Iterator[AudioFrame]:
    with opened(sound.path, "sound") as container:
        # Broadcasts change their channels between programmes, and a resampler takes one kind of sound.
        for _, alike in groupby(decoded(container, container.streams.audio[sound.track.place], damage), _kind):
            resampler = av.AudioResampler(sample_format, layout, rate)
            for frame in chain(alike, [None]):
                # Where there is nothing to resample, PyAV returns the closing None as it came.
                yield from (piece for piece in resampler.resample(frame) if piece is not None)


def _kind(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _silence() -> NDArray[np.int16]:
    return np.zeros(SAMPLE_RATE, dtype=np.int16)
