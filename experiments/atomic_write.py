"""Writes a whole file at once."""

from __future__ import annotations

from pathlib import Path

from model.atomic_writes import atomic_file


def write_atomic(path: Path, content: str | bytes, *, flush: bool = True) -> Path:
    """Writes a file beside its place, flushes it to disk and moves it there; text becomes UTF-8. Returns the path.

    Args:
        path: replaced if it exists; its folder is made as needed.
        content: of the file.
        flush: whether the content is on disk before; see `model.atomic_writes.atomic_file`.

    Raises:
        OSError: the folder cannot be made or written; it names the file.
    """
    try:
        with atomic_file(path, flush=flush) as draft:
            draft.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk does not say which file it has no room for
        raise
    return path
