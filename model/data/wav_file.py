"""Reading the sound files of AVSBench with errors that name the file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

from model.data.decoding import read_decoded
from model.data.errors import FileError

RATES = (1_000, 384_000)
"""What a sound file may have; a damaged header that says more would ask for a resampling filter of any size."""


def read_wav(path: Path) -> tuple[NDArray[np.int16], int]:
    """Reads 16-bit PCM.

    Returns:
        Samples, int16 (N,) or (N, channels), and their rate in Hz.

    Raises:
        FileError: if the file is missing, is no wav file, is not 16-bit, or has a rate that no sound has.
    """
    rate, samples = read_decoded(path, _decode, _problem, missing="restore the clip's sound", damaged="replace it")
    if samples.dtype != np.int16:
        raise FileError(path, "values", f"holds {samples.dtype} samples", "convert it to 16-bit PCM")
    if not RATES[0] <= rate <= RATES[1]:
        raise FileError(path, "values", f"claims {rate} samples per second", "replace it")
    return samples, rate


def _decode(file: BinaryIO) -> tuple[int, NDArray[np.int16]]:
    rate, samples = wavfile.read(file)
    return int(rate), samples


def _problem(error: Exception) -> str:
    return f"cannot be read as a wav file ({error})"
