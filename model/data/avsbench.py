"""Clips of AVSBench from disk: S4, MS3 and AVSS, real or synthetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.config import Task, TrialConfig
from model.data.clip import Clip
from model.data.errors import DataError
from model.data.index import read_index, subset_root
from model.data.layout import SPLITS, ClipFiles, clip_files
from model.data.pictures import read_label, read_rgb
from model.data.quarantine import Quarantine
from model.data.remedies import remedy_for_missing
from model.data.sound import read_sound

LONGEST_CLIP = 10
"""Frames of an AVSS v2 clip."""
BYTES_PER_PIXEL = 3 + 3 + 8
"""Frame, Maskige and label of one pixel."""


class AVSBench:
    """One split of one subset as a map-style data set, in lexicographic order."""

    def __init__(
        self,
        root: Path,
        task: Task,
        split: str,
        size: int = 224,
        cache_bytes: int = 0,
        proposer: str | None = "semantic-sam",
        *,
        keeps_silent_clips: bool = False,
    ) -> None:
        """Reads the index only; clips are read on access.

        Args:
            root: data root or subset root, see `subset_root`.
            task: which subset.
            split: train, val or test. It decides which frames have labels.
            size: side of the square pictures on disk, pixels.
            cache_bytes: keep the clips in memory once read, if all of them take at most this much.
            proposer: whose Maskiges are read; None reads none.
            keeps_silent_clips: whether clips without any sound are read like others; else they cannot be used.

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
        self._keeps_silent_clips = keeps_silent_clips
        self.entries = [entry for entry in read_index(self.root, task) if entry.split == split]
        if not self.entries:
            raise DataError(f"the index of {self.root} has no {split} clips: complete the data set")
        self.quarantine = Quarantine(self.root, task, split, len(self.entries), proposer, size)
        """Clips that training and evaluation have found to be unusable."""
        self._cache: dict[int, Clip] | None = {} if self._bytes() <= cache_bytes else None

    @classmethod
    def configured(cls, config: TrialConfig, root: Path, split: str, cache_bytes: int = 0) -> AVSBench:
        """A split as a trial sees it; see the constructor for the arguments and errors."""
        data = config.data
        which = (root, data.task, split, data.size, cache_bytes, config.proposer)
        return cls(*which, keeps_silent_clips=data.silent_clips == "kept")

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Clip:
        """Reads a clip.

        Raises:
            FileError: if a file is missing, damaged, of another size, or silent where that is not wanted; it names the
                file.
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
        missing_frame = remedy_for_missing(files.frames[0], files, self.task)
        return Clip(
            name=entry.name,
            category=entry.category,
            frames=np.stack([read_rgb(path, self.size, missing_frame) for path in files.frames]),
            maskiges=self._maskiges(files),
            log_mel=read_sound(files, self.task, allow_silence=self._keeps_silent_clips),
            labels=np.stack([read_label(path, self.task, self.size, missing_frame) for path in files.masks]),
            annotated=np.array(files.annotated),
        )

    def _maskiges(self, files: ClipFiles) -> NDArray[np.uint8] | None:
        if not files.maskiges:
            return None
        missing = remedy_for_missing(files.maskiges[0], files, self.task)
        return np.stack([read_rgb(path, self.size, missing) for path in files.maskiges])
