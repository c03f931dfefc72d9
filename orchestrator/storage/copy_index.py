"""Which files of a copy equal what is stored: the ETag that each had there when it was last seen to be the same."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from experiments.atomic_write import write_atomic

INDEX_FILE = ".etags.json"

_ENTRIES = TypeAdapter(dict[str, tuple[str, int, int]])


class CopyIndex:
    """The index of one copy. A file that has changed here since it was noted is no longer known to be the same.

    A lost or damaged index, or one that another process has just replaced, costs downloads and nothing else.

    Args:
        root: of the copy.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._has_changed = root, False
        try:
            self._entries = _ENTRIES.validate_json((root / INDEX_FILE).read_bytes())
        except (FileNotFoundError, ValidationError):
            self._entries = {}

    def matches(self, name: str, etag: str) -> bool:
        """Whether the file here is what is stored under this ETag."""
        return name in self._entries and self._entries[name] == self._entry(name, etag)

    def note(self, name: str, etag: str) -> None:
        """The file here is what is stored under this ETag."""
        entry = self._entry(name, etag)
        if entry is not None:
            self._entries[name], self._has_changed = entry, True

    def forget(self, name: str) -> None:
        """The file is gone."""
        self._entries.pop(name, None)
        self._has_changed = True

    def save(self) -> None:
        """Keeps the index for the next fetch."""
        if self._has_changed:
            write_atomic(self._root / INDEX_FILE, json.dumps(self._entries))

    def _entry(self, name: str, etag: str) -> tuple[str, int, int] | None:
        try:
            found = os.stat(f"{self._root}/{name}")  # noqa: PTH116 - of tens of thousands: `Path` takes as long again
        except (FileNotFoundError, NotADirectoryError):
            return None
        return etag, found.st_size, found.st_mtime_ns
