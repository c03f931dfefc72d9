"""The VGGish log-mel front end (AudioSet): 16-bit PCM to examples of 96 frames by 64 mel bands."""

from __future__ import annotations

from functools import cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

# Resampling imports scipy.signal: it is a fifth of a trial's imports, and sound at 16 kHz never needs it.

SAMPLE_RATE = 16_000
WINDOW = 400
HOP = 160
FFT_SIZE = 512
MEL_BANDS = 64
MEL_RANGE = (125.0, 7500.0)
LOG_OFFSET = 0.01
FRAMES_PER_EXAMPLE = 96
EXAMPLE_SHAPE = (1, FRAMES_PER_EXAMPLE, MEL_BANDS)

# The interpolation filter of resampy 0.4 'kaiser_best', the authors' resampler.
RESAMPLING_ZERO_CROSSINGS = 50
RESAMPLING_ROLLOFF = 0.917347
RESAMPLING_KAISER_BETA = 12.9846


def log_mel_examples(samples: NDArray[np.int16], rate: int) -> NDArray[np.float32]:
    """Cuts sound into non-overlapping log-mel examples of 0.96 s; an incomplete tail is dropped.

    Args:
        samples: int16 PCM (N,) or (N, channels); channels are averaged.
        rate: samples per second; anything but 16 kHz is resampled first.

    Returns:
        float32 (n, 1, 96, 64), natural logarithms, time by mel band. n is 0 below 0.975 s.
    """
    waveform = samples.astype(np.float64) / 32768.0
    if waveform.ndim == 2:
        waveform = waveform.mean(axis=1)
    if rate != SAMPLE_RATE:
        waveform = _resample(waveform, rate)
    frames = _log_mel_frames(waveform)
    count = len(frames) // FRAMES_PER_EXAMPLE
    return frames[: count * FRAMES_PER_EXAMPLE].reshape(count, *EXAMPLE_SHAPE).astype(np.float32)


def _log_mel_frames(waveform: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(waveform) < WINDOW:
        return np.empty((0, MEL_BANDS))
    windows = np.lib.stride_tricks.sliding_window_view(waveform, WINDOW)[::HOP]
    magnitudes = np.abs(np.fft.rfft(windows * _hann_window(), FFT_SIZE))
    return np.log(magnitudes @ mel_matrix() + LOG_OFFSET)


@cache
def _hann_window() -> NDArray[np.float64]:
    """SciPy's periodic `hann`, bit by bit, (400,)."""
    window: NDArray[np.float64] = 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, WINDOW + 1))[:-1]
    return window


@cache
def mel_matrix() -> NDArray[np.float64]:
    """Triangular HTK mel filters without area normalisation, (257 bins, 64 bands); the DC row is zero."""
    bins = _hertz_to_mel(np.linspace(0.0, SAMPLE_RATE / 2, FFT_SIZE // 2 + 1))[:, None]
    low, high = _hertz_to_mel(np.array(MEL_RANGE))
    edges = np.linspace(low, high, MEL_BANDS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre))
    filters: NDArray[np.float64] = np.maximum(triangles, 0.0)
    filters[0] = 0.0
    return filters


def _hertz_to_mel(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(frequency / 700.0)


def _resample(waveform: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    from scipy.signal import resample_poly

    divisor = gcd(SAMPLE_RATE, rate)
    up, down = SAMPLE_RATE // divisor, rate // divisor
    taps = _resampling_filter(max(up, down))
    # scipy-stubs know no array of taps as window.
    resampled: NDArray[np.float64] = resample_poly(waveform, up, down, window=taps)  # type: ignore[call-overload]
    return resampled[: len(waveform) * up // down]


@cache
def _resampling_filter(factor: int) -> NDArray[np.float64]:
    """Kaiser-windowed sinc, sampled `factor` times per zero crossing, with unit gain at DC."""
    from scipy.signal.windows import kaiser

    reach = RESAMPLING_ZERO_CROSSINGS * factor
    time = np.arange(-reach, reach + 1) / factor
    taps = np.sinc(RESAMPLING_ROLLOFF * time) * kaiser(len(time), RESAMPLING_KAISER_BETA)
    normalised: NDArray[np.float64] = taps / taps.sum()
    return normalised
