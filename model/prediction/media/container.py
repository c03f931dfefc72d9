"""A media file opened for reading, with a sentence for whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from model.data.errors import DataError

TEXT = "tty"
"""The format that FFmpeg sees in a text file."""
STANDSTILL = 1000
"""Errors of a container in a row, without a packet between them, after which it is taken to be at its end."""


@contextmanager
def opened(path: Path, kind: str = "video") -> Iterator[InputContainer]:
    """A media file.

    Args:
        path: of the file.
        kind: of the file that is wanted, "video" or "sound", for messages.

    Raises:
        DataError: the file is missing, empty, no media file, or cannot be read on.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no regular file" if path.exists() else "missing"
        raise DataError(f"{path} is {what}: name a {kind} file")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty: download it again, or name another {kind} file")
    try:
        # The prefix keeps a colon in the name from being read as a protocol.
        with av.open(f"file:{path}", metadata_errors="replace") as container:
            if container.format.name == TEXT:
                raise DataError(f"{path} is a text file: name a {kind} file")
            yield container
    except av.FFmpegError as error:
        raise DataError(f"{path} cannot be read as a {kind} ({error.strerror}): replace it, or convert it") from None


def packets(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    """The packets of some tracks, or of all; places where the container itself is damaged are skipped.

    Args:
        container: at its beginning.
        streams: the tracks, none for all of them.
    """
    errors = 0
    while errors < STANDSTILL:
        try:
            for packet in container.demux(*streams):
                errors = 0
                yield packet
            return
        except (av.InvalidDataError, av.BlockingIOError):  # the latter where a stream has lost its beat
            errors += 1
