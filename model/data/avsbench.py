"""Clips of AVSBench from disk: S4, MS3 and AVSS, real or synthetic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.config import Task, TrialConfig
from model.data.clip import Clip
from model.data.clip_cache import ClipCache
from model.data.clip_record import content_key, packed, record_type, unpacked
from model.data.errors import DataError
from model.data.index import read_index, subset_root
from model.data.layout import SPLITS, ClipFiles, IndexEntry, clip_files
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
        clip_cache: ClipCache | None = None,
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
            clip_cache: where decoded clips are looked for and kept; a clip's files are then decoded by nobody twice.

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
        self._clip_cache = clip_cache
        self._keys: dict[int, str] = {}
        """Content keys of the clips that this process has looked for in the cache."""

    @classmethod
    def configured(
        cls, config: TrialConfig, root: Path, split: str, cache_bytes: int = 0, clip_cache: ClipCache | None = None
    ) -> AVSBench:
        """A split as a trial sees it; see the constructor for the arguments and errors."""
        data = config.data
        which = (root, data.task, split, data.size, cache_bytes, config.proposer)
        return cls(*which, keeps_silent_clips=data.silent_clips == "kept", clip_cache=clip_cache)

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
        key = None if self._clip_cache is None else self._keys.get(index) or self._content_key(files)
        if self._clip_cache is None or key is None:
            return self._decode(entry, files)
        self._keys[index] = key
        kind = record_type(files, self.size)
        if (record := self._clip_cache.find(key, kind)) is not None:
            return unpacked(record, entry, files)
        clip = self._decode(entry, files)
        # Nobody may have changed the files meanwhile.
        if self._clip_cache.has_room(kind.itemsize) and self._content_key(files) == key:
            self._clip_cache.keep(key, packed(clip, kind))
        return clip

    def _content_key(self, files: ClipFiles) -> str | None:
        return content_key(files, self.task, self.size, keeps_silence=self._keeps_silent_clips)

    def _decode(self, entry: IndexEntry, files: ClipFiles) -> Clip:
        missing_frame = remedy_for_missing(files.frames[0], files, self.task)
        return Clip(
            name=entry.name,
            category=entry.category,
            frames=self._pictures(files.frames, missing_frame),
            maskiges=self._maskiges(files),
            log_mel=read_sound(files, self.task, allow_silence=self._keeps_silent_clips),
            labels=np.stack([read_label(path, self.task, self.size, missing_frame) for path in files.masks]),
            annotated=np.array(files.annotated),
        )

    def _maskiges(self, files: ClipFiles) -> NDArray[np.uint8] | None:
        if not files.maskiges:
            return None
        return self._pictures(files.maskiges, remedy_for_missing(files.maskiges[0], files, self.task))

    def _pictures(self, paths: Sequence[Path], missing: str) -> NDArray[np.uint8]:
        """(T, 3, H, W); in memory the channels of a pixel lie together, as they are decoded and augmented."""
        return np.stack([read_rgb(path, self.size, missing) for path in paths]).transpose(0, 3, 1, 2)
