"""What the synthetic classes sound like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.audio.logmel import SAMPLE_RATE

PITCH_SPREAD_OCTAVES = 0.12
RATE_SPREAD = 0.15


@dataclass(frozen=True)
class Tone:
    """A stack of harmonics whose pitch may glide up and down."""

    pitch: float
    """Fundamental, Hz."""
    partials: tuple[float, ...]
    """Amplitudes of the harmonics, fundamental first."""
    glide: float = 0.0
    """Largest deviation of the pitch, as a fraction of it."""
    glide_rate: float = 0.0
    """Glides per second."""


@dataclass(frozen=True)
class Noise:
    """White noise cut to a band."""

    low: float
    """Hz."""
    high: float
    """Hz."""


@dataclass(frozen=True)
class Timbre:
    """A source of sound, steady or struck again and again."""

    source: Tone | Noise
    pulse_rate: float = 0.0
    """Strokes per second; 0 is steady."""
    pulse_decay: float = 0.0
    """Decay after a stroke, nepers per second."""


def synthesise(timbre: Timbre, seconds: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """One instance of a timbre, with its own pitch and rate, at root mean square 1.

    Returns:
        float64 (seconds * 16000,).
    """
    time = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    pitch_factor = 2.0 ** rng.uniform(-PITCH_SPREAD_OCTAVES, PITCH_SPREAD_OCTAVES)
    rate_factor = 1.0 + rng.uniform(-RATE_SPREAD, RATE_SPREAD)
    if isinstance(timbre.source, Tone):
        wave = _tone(timbre.source, time, pitch_factor, rate_factor, rng)
    else:
        wave = _noise(timbre.source, len(time), pitch_factor, rng)
    if timbre.pulse_rate:
        stroke = (time * timbre.pulse_rate * rate_factor + rng.random()) % 1.0
        wave = wave * np.exp(-timbre.pulse_decay * stroke / timbre.pulse_rate)
    normalised: NDArray[np.float64] = wave / np.sqrt(np.mean(wave**2))
    return normalised


def _tone(
    tone: Tone, time: NDArray[np.float64], pitch_factor: float, rate_factor: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    pitch = tone.pitch * pitch_factor
    phase = 2 * np.pi * pitch * time + rng.uniform(0, 2 * np.pi)
    if tone.glide:
        glide_rate = 2 * np.pi * tone.glide_rate * rate_factor
        phase += tone.glide * 2 * np.pi * pitch / glide_rate * np.sin(glide_rate * time + rng.uniform(0, 2 * np.pi))
    wave = np.zeros_like(time)
    for order, amplitude in enumerate(tone.partials, start=1):
        wave += amplitude * np.sin(order * phase)
    return wave


def _noise(noise: Noise, samples: int, pitch_factor: float, rng: np.random.Generator) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    band = (frequency >= noise.low * pitch_factor) & (frequency <= noise.high * pitch_factor)
    return np.fft.irfft(spectrum * band, samples)
