"""A media file opened for reading, with a sentence for whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer

from model.data.errors import DataError

TEXT = "tty"
"""The format that FFmpeg sees in a text file."""


@contextmanager
def opened(path: Path, kind: str = "video") -> Iterator[InputContainer]:
    """A media file.

    Args:
        path: of the file.
        kind: of the file that is wanted, "video" or "sound", for messages.

    Raises:
        DataError: the file is missing, no media file, or cannot be read on.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no regular file" if path.exists() else "missing"
        raise DataError(f"{path} is {what}: name a {kind} file")
    try:
        # The prefix keeps a colon in the name from being read as a protocol.
        with av.open(f"file:{path}", metadata_errors="replace") as container:
            if container.format.name == TEXT:
                raise DataError(f"{path} is a text file: name a {kind} file")
            yield container
    except av.FFmpegError as error:
        raise DataError(f"{path} cannot be read as a {kind} ({error.strerror}): replace it, or convert it") from None
