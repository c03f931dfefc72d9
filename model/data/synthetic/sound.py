"""The sound of a scene: its sounding objects over a faint noise floor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.audio.logmel import SAMPLE_RATE
from model.data.synthetic.scene import Scene
from model.data.synthetic.timbre import synthesise

NOISE_FLOOR = 5e-4
"""Root mean square of the noise that is always there, full scale = 1."""
FADE_SAMPLES = 160
PEAK = 0.95


def mix(scene: Scene, rng: np.random.Generator) -> NDArray[np.int16]:
    """The clip as 16 kHz mono PCM, int16 (seconds * 16000,)."""
    sound = NOISE_FLOOR * rng.standard_normal(scene.seconds * SAMPLE_RATE)
    for thing in scene.objects:
        if any(thing.sounding):
            wave = synthesise(thing.kind.timbre, scene.seconds, rng)
            sound += thing.loudness * wave * _gate(thing.sounding)
    sound *= min(1.0, PEAK / np.abs(sound).max())
    return np.rint(sound * 32767).astype(np.int16)


def _gate(sounding: tuple[bool, ...]) -> NDArray[np.float64]:
    """1 in sounding seconds, 0 in silent ones, with 10 ms fades inside the sounding ones against clicks."""
    open_ = np.repeat(np.array(sounding, dtype=np.float64), SAMPLE_RATE)
    for second in range(1, len(sounding)):
        edge = second * SAMPLE_RATE
        if sounding[second] and not sounding[second - 1]:
            open_[edge : edge + FADE_SAMPLES] = np.linspace(0, 1, FADE_SAMPLES)
        if sounding[second - 1] and not sounding[second]:
            open_[edge - FADE_SAMPLES : edge] = np.linspace(1, 0, FADE_SAMPLES)
    return open_
