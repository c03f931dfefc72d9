"""The sound of each second of a clip: from its log-mel file or, where there is none, from its wav."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.audio.logmel import EXAMPLE_SHAPE, log_mel_examples
from model.config import Task
from model.data.errors import FileError
from model.data.layout import AVSS_AUDIO_EXAMPLES, ClipFiles
from model.data.log_mel_file import REMEDY, read_log_mel
from model.data.wav_file import read_wav


def read_sound(files: ClipFiles, task: Task, *, allow_silence: bool = False) -> NDArray[np.float32]:
    """One log-mel example per frame, float32 (T, 1, 96, 64).

    Raises:
        FileError: if neither file is there, one is damaged or too short, or silent unless that is allowed.
    """
    seconds = len(files.frames)
    source = files.log_mel if files.log_mel.exists() else files.wav
    examples = read_log_mel(source) if source == files.log_mel else examples_of_wav(source, seconds, task)
    if len(examples) < seconds:
        problem = f"holds {len(examples)} examples, not {seconds}"
        raise FileError(source, "length", problem, REMEDY)
    if not allow_silence and is_silent(examples[:seconds]):
        remedy = "restore the sound, remove the clip from the index, or set data.silent_clips=kept"
        raise FileError(source, "silent", "is silent", remedy)
    return examples[:seconds]


def read_whole_log_mel(files: ClipFiles, task: Task) -> NDArray[np.float32]:
    """The log-mel file with all rows that it should have, float32 (5 or 10, 1, 96, 64).

    Raises:
        FileError: if it is missing, damaged or of another length.
    """
    if not files.log_mel.exists():
        raise FileError(files.log_mel, "missing", "is missing", "prepare it with 'combo data prepare'")
    examples, rows = read_log_mel(files.log_mel), log_mel_rows(files, task)
    if len(examples) != rows:
        problem = f"holds {len(examples)} examples, not {rows}"
        raise FileError(files.log_mel, "length", problem, REMEDY)
    return examples


def log_mel_rows(files: ClipFiles, task: Task) -> int:
    """Examples in a clip's log-mel file: one per frame, in AVSS always ten."""
    return AVSS_AUDIO_EXAMPLES if task == "avss" else len(files.frames)


def examples_of_wav(wav: Path, count: int, task: Task) -> NDArray[np.float32]:
    """The first `count` examples of a sound, float32 (count, 1, 96, 64).

    Short sound is filled up as the authors do: AVSS with zeros, otherwise with the last example.

    Raises:
        FileError: if the file is missing, is no 16-bit wav file, or is shorter than one example.
    """
    examples = log_mel_examples(*read_wav(wav))[:count]
    if not len(examples):
        raise FileError(wav, "length", "is shorter than one log-mel example (0.975 s)", "replace it")
    filling = np.zeros(EXAMPLE_SHAPE, dtype=np.float32) if task == "avss" else examples[-1]
    return np.concatenate([examples, np.broadcast_to(filling, (count - len(examples), *EXAMPLE_SHAPE))])


def is_silent(examples: NDArray[np.float32]) -> bool:
    """Whether no example varies: digital silence is ln 0.01 in every band at all times, filling is 0."""
    return bool((examples == examples[:, :, :1, :1]).all())
