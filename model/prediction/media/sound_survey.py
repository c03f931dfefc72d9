"""Decodes a video's sound once, from end to end, before anything is segmented, and measures every second of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.audio.logmel import SAMPLE_RATE
from model.prediction.media.damage import Damage
from model.prediction.media.sound import Sound, sound_pieces

SILENT_PEAK = 2
"""The loudest sample that still counts as silence, of 32768. Compressed silence does not always decode to zeros."""
CANCELLED = 0.01
"""Loudness of the mix by that of its channels, both root mean square, below which the channels have cancelled out."""


@dataclass
class Loudness:
    """The loudness of one second, at 16 kHz."""

    samples: int = 0
    peak: int = 0
    """Largest sample of any channel."""
    energy: float = 0.0
    """Sum of squares, mean of the channels."""
    mixed: float = 0.0
    """Sum of squares of the channels' mean, which is what the model gets."""


@dataclass(frozen=True)
class SoundSurvey:
    """What was measured of a video's sound, in seconds since the first frame."""

    end: float
    """When the last sound ends; 0 if there is none."""
    damage: Damage
    loudness: dict[int, Loudness] = field(repr=False)
    """By second, where there is sound."""

    def silent(self, seconds: int) -> list[int]:
        """Which of the first so many seconds are silent."""
        return [second for second in range(seconds) if self._at(second).peak <= SILENT_PEAK]

    def cancelled(self, seconds: int) -> list[int]:
        """In which of the first so many seconds the channels cancel each other out, so that the model gets silence."""
        measured = ((second, self._at(second)) for second in range(seconds))
        return [second for second, now in measured if now.peak > SILENT_PEAK and now.mixed <= CANCELLED**2 * now.energy]

    def goes_on(self, begin: float, end: float) -> bool:
        """Whether there is sound, even if a silent one, in most of a span of time."""
        within = range(max(0, int(begin)), int(min(end, self.end)) + 1)
        return sum(self._at(second).samples for second in within) > (end - begin) * SAMPLE_RATE / 2

    def _at(self, second: int) -> Loudness:
        return self.loudness.get(second, Loudness())


def survey_sound(sound: Sound) -> SoundSurvey:
    """Decodes all of the sound.

    Raises:
        DataError: too much of it cannot be decoded.
    """
    damage = Damage(sound.path, "sound", sound.start)
    loudness: dict[int, Loudness] = {}
    end = 0
    for piece in sound_pieces(sound, "s16p", "stereo", SAMPLE_RATE, damage):
        start, samples = piece.start, piece.samples
        end = max(end, start + samples.shape[1])
        while samples.shape[1]:
            second = start // SAMPLE_RATE
            fitting = samples[:, : (second + 1) * SAMPLE_RATE - start]
            _add(loudness.setdefault(second, Loudness()), fitting)
            start, samples = start + fitting.shape[1], samples[:, fitting.shape[1] :]
    return SoundSurvey(end / SAMPLE_RATE, damage, loudness)


def _add(loudness: Loudness, samples: NDArray[np.int16]) -> None:
    """Adds a piece (channels, n) of one second."""
    exact = samples.astype(np.float64)
    loudness.samples += samples.shape[1]
    loudness.peak = max(loudness.peak, int(np.abs(exact).max()))
    loudness.energy += float((exact**2).mean(axis=0).sum())
    loudness.mixed += float((exact.mean(axis=0) ** 2).sum())
