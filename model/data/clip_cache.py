"""Decoded clips on a machine's disk, which all of its trials and their processes share.

    <folder>/<content key>.clip

A clip is one record (`model.data.clip_record`) under the digest of what it was decoded from, mapped into memory when it
is used. Whoever writes the same clip writes the same bytes and puts them there by one rename, so no lock is needed.
What a crash has torn is found by its size or, once per process, by its checksum, and is made again.

The folder saves time and nothing else: when it cannot be used, clips are decoded as without it.
"""

from __future__ import annotations

import logging
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from model.atomic_writes import DRAFT, atomic_file
from model.data.clip_record import Record, is_whole

log = logging.getLogger(__name__)

IN_USE = 6 * 3600.0
"""Seconds after its last use for which a clip is not given up: longer than most epochs. Where not all clips of an epoch
find room, those that did then stay, instead of each making room for the next."""
NOTED = IN_USE / 24
"""Seconds after which a use is noted again."""
ABANDONED = 3600.0
"""Age in seconds at which a draft was left by a process that was killed."""
AHEAD = 16
"""Clips for which a process takes room at once. Several that write at the same time may go so far beyond the limit."""
PATIENCE = 60.0
"""Seconds for which a process that found no room, or could not write, does not try again."""


class ClipCache:
    """A folder of decoded clips.

    Args:
        folder: of this machine; made as needed.
        most_bytes: what the clips in it may take together.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._whole: set[str] = set()
        """Keys of the records that this process has compared with their checksums."""
        self._granted = 0
        """Bytes that this process may write before it looks for room again."""
        self._looks_again = 0.0
        self._has_warned = False

    def find(self, key: str, kind: np.dtype[np.void]) -> Record | None:
        """The record of a clip, mapped; None if there is none that is whole."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_size != kind.itemsize:
                    return None
                record: Record = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), kind)
        except (OSError, ValueError):  # the latter if it is cut short just now
            return None
        if key not in self._whole:
            if not is_whole(record):
                return None
            self._whole.add(key)
        if time.time() - status.st_mtime > NOTED:
            with suppress(OSError):
                os.utime(path)
        return record

    def has_room(self, size: int) -> bool:
        """Whether a record of so many bytes may be written; the room is then taken."""
        if self._granted < size and time.monotonic() >= self._looks_again:
            self._granted = self._made_room(size * AHEAD)
            if self._granted < size:
                self._looks_again = time.monotonic() + PATIENCE
        if self._granted < size:
            return False
        self._granted -= size
        return True

    def keep(self, key: str, record: Record) -> None:
        """Writes a record for which there is room."""
        try:
            with atomic_file(self._path(key), flush=False) as draft:
                draft.write_bytes(record.data)
        except OSError as error:
            self._granted, self._looks_again = 0, time.monotonic() + PATIENCE
            if not self._has_warned:
                log.warning("decoded clips are not kept, and will be decoded again: %s", error)
            self._has_warned = True

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.clip"

    def _made_room(self, wanted: int) -> int:
        """Bytes that are free, at most as many as wanted; clips that are not in use are given up for that."""
        now = time.time()
        kept = sorted(self._kept())
        free = self._most_bytes - sum(size for _, size, _ in kept)
        for used, size, path in kept:
            if free >= wanted or now - used < IN_USE:
                break
            with suppress(OSError):
                path.unlink(missing_ok=True)
                free += size
        return max(0, min(free, wanted))

    def _kept(self) -> Iterator[tuple[float, int, Path]]:
        """Last use, size and place of every clip; what killed processes have left is removed."""
        if not self._folder.is_dir():
            return
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    status = entry.stat()
                    if entry.name.endswith(".clip"):
                        yield status.st_mtime, status.st_size, Path(entry.path)
                    elif entry.name.endswith(DRAFT) and time.time() - status.st_mtime > ABANDONED:
                        Path(entry.path).unlink()
