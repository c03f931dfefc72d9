"""Clips of AVSBench from disk: S4, MS3 and AVSS, real or synthetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.audio.logmel import EXAMPLE_SHAPE, log_mel_examples, read_wav
from model.config import CLASSES, Task
from model.data.clip import Clip
from model.data.errors import DataError
from model.data.index import read_index, subset_root
from model.data.layout import SPLITS, ClipFiles, clip_files
from model.data.log_mel_file import read_log_mel
from model.data.pictures import read_binary_mask, read_class_ids, read_rgb

LONGEST_CLIP = 10
"""Frames of an AVSS v2 clip."""
BYTES_PER_PIXEL = 3 + 3 + 8
"""Frame, Maskige and label of one pixel."""
_RESTORE_CLIP = "restore the clip or remove its row from the index"
_PREPARE_CLIP = "prepare the frames and labels of AVSBench_semantic first (COMBO section 1.3)"
_PROPOSE_MASKS = "put the published Maskiges there, or make some with 'combo data maskige'"


class AVSBench:
    """One split of one subset as a map-style data set, in lexicographic order."""

    def __init__(
        self,
        root: Path,
        task: Task,
        split: str,
        size: int = 224,
        cache_bytes: int = 0,
        proposer: str = "semantic-sam",
    ) -> None:
        """Reads the index only; clips are read on access.

        Args:
            root: data root or subset root, see `subset_root`.
            task: which subset.
            split: train, val or test. It decides which frames have labels.
            size: side of the square pictures on disk, pixels.
            cache_bytes: keep the clips in memory once read, if all of them take at most this much.
            proposer: whose Maskiges are read.

        Raises:
            DataError: if the subset or the split is not there.
        """
        if split not in SPLITS:
            raise DataError(f"there is no split '{split}': use one of {', '.join(SPLITS)}")
        self.root = subset_root(Path(root), task)
        self.task = task
        self.split = split
        self.size = size
        self.proposer = proposer
        self.entries = [entry for entry in read_index(self.root, task) if entry.split == split]
        if not self.entries:
            raise DataError(f"the index of {self.root} has no {split} clips: complete the data set")
        self._cache: dict[int, Clip] | None = {} if self._bytes() <= cache_bytes else None

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Clip:
        """Reads a clip.

        Raises:
            DataError: if a file is missing, damaged, or of another size; it names the file.
            IndexError: past the last clip.
        """
        if self._cache is None:
            return self._read(index)
        if index not in self._cache:
            self._cache[index] = self._read(index)
        return self._cache[index]

    def _bytes(self) -> int:
        """Upper bound of the decoded size: frames, Maskiges and labels of the longest clips."""
        return len(self.entries) * LONGEST_CLIP * self.size**2 * BYTES_PER_PIXEL

    def _read(self, index: int) -> Clip:
        entry = self.entries[index]
        files = clip_files(self.task, self.root, entry, self.proposer)
        missing_picture = _PREPARE_CLIP if self.task == "avss" else _RESTORE_CLIP
        return Clip(
            name=entry.name,
            category=entry.category,
            frames=np.stack([read_rgb(path, self.size, missing_picture) for path in files.frames]),
            maskiges=np.stack([read_rgb(path, self.size, _PROPOSE_MASKS) for path in files.maskiges]),
            log_mel=_log_mel(files, self.task),
            labels=np.stack([self._read_label(path, missing_picture) for path in files.masks]),
            annotated=np.array(files.annotated),
        )

    def _read_label(self, path: Path, remedy: str) -> NDArray[np.int64]:
        if self.task == "avss":
            return read_class_ids(path, self.size, CLASSES[self.task], remedy)
        return read_binary_mask(path, self.size, remedy)


def _log_mel(files: ClipFiles, task: Task) -> NDArray[np.float32]:
    """One example per frame, from the log-mel file or, where there is none, from the sound."""
    seconds = len(files.frames)
    examples = read_log_mel(files.log_mel) if files.log_mel.exists() else _log_mel_of_sound(files.wav, seconds, task)
    if len(examples) < seconds:
        raise DataError(
            f"{files.log_mel} holds {len(examples)} examples, not {seconds}: delete it, the sound gives it again"
        )
    return examples[:seconds]


def _log_mel_of_sound(wav: Path, seconds: int, task: Task) -> NDArray[np.float32]:
    """Short sound is filled up as the authors do: AVSS with zeros, otherwise with the last example."""
    examples = log_mel_examples(*read_wav(wav))[:seconds]
    if not len(examples):
        raise DataError(f"{wav} is shorter than one log-mel example (0.975 s): replace it")
    filling = np.zeros(EXAMPLE_SHAPE, dtype=np.float32) if task == "avss" else examples[-1]
    return np.concatenate([examples, np.broadcast_to(filling, (seconds - len(examples), *EXAMPLE_SHAPE))])
