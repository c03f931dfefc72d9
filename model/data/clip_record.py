"""A decoded clip as one record of fixed size, which can be mapped into memory and used as it lies there.

What a record is made from says where it is found: the content of the clip's files and everything that decides how they
are decoded. So a changed file, another Pillow or another setting never meets a record of before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch
from numpy.typing import NDArray

from model.audio.logmel import EXAMPLE_SHAPE
from model.config import Task
from model.data.clip import Clip
from model.data.decoding import read_content
from model.data.errors import FileError, UnreadableError
from model.data.layout import ClipFiles, IndexEntry

FORM = 1
"""Raised whenever the same files are to give another record."""
DECODERS = f"Pillow {PIL.__version__}, NumPy {np.__version__}, PyTorch {torch.__version__}"
CHECKSUM = "checksum"

Record = NDArray[np.void]
"""(1,) of a `record_type`."""


def content_key(files: ClipFiles, task: Task, size: int, *, keeps_silence: bool) -> str | None:
    """Digest of all that decides what a clip is decoded to, 64 hexadecimal digits.

    Args:
        files: of the clip.
        task: which subset; it decides what labels mean.
        size: side of the pictures, pixels.
        keeps_silence: whether a clip without any sound is decoded like others.

    Returns:
        None if a file cannot be read; decoding tells why.
    """
    digest = hashlib.sha256(f"{FORM} {DECODERS} {task} {size} {keeps_silence} {files.annotated}".encode())
    try:
        for kind, path in _sources(files):
            content = read_content(path, "", "")
            digest.update(f"\n{kind} {len(content)}\n".encode())
            digest.update(content)
    except (FileError, UnreadableError):
        return None
    return digest.hexdigest()


def _sources(files: ClipFiles) -> Iterator[tuple[str, Path]]:
    """Every file that is decoded, and as what."""
    for kind, paths in (("frame", files.frames), ("maskige", files.maskiges), ("mask", files.masks)):
        for path in paths:
            yield kind, path
    yield ("log-mel", files.log_mel) if files.log_mel.exists() else ("wav", files.wav)


def record_type(files: ClipFiles, size: int) -> np.dtype[np.void]:
    """How a clip lies in memory: sound first, since its numbers have four bytes."""
    picture, frames = (size, size, 3), len(files.frames)
    fields: list[Any] = [
        (CHECKSUM, np.void, hashlib.sha256().digest_size),
        ("log_mel", np.float32, (frames, *EXAMPLE_SHAPE)),
        ("frames", np.uint8, (frames, *picture)),
        ("labels", np.uint8, (len(files.masks), size, size)),
    ]
    if files.maskiges:
        fields.append(("maskiges", np.uint8, (len(files.maskiges), *picture)))
    return np.dtype(fields)


def packed(clip: Clip, kind: np.dtype[np.void]) -> Record:
    """A clip as a record of its type, with the checksum that `is_whole` looks at."""
    record: Record = np.zeros(1, kind)
    record["log_mel"], record["labels"] = clip.log_mel, clip.labels
    record["frames"] = clip.frames.transpose(0, 2, 3, 1)
    if clip.maskiges is not None:
        record["maskiges"] = clip.maskiges.transpose(0, 2, 3, 1)
    record[CHECKSUM] = np.void(_checksum(record))
    return record


def unpacked(record: Record, entry: IndexEntry, files: ClipFiles) -> Clip:
    """The clip of a record; its pictures and sound are views of it."""
    one: Any = record[0]
    return Clip(
        name=entry.name,
        category=entry.category,
        frames=one["frames"].transpose(0, 3, 1, 2),
        maskiges=one["maskiges"].transpose(0, 3, 1, 2) if files.maskiges else None,
        log_mel=one["log_mel"],
        labels=one["labels"].astype(np.int64),
        annotated=np.array(files.annotated),
    )


def is_whole(record: Record) -> bool:
    """Whether the record is as it was packed."""
    stored: bytes = record[CHECKSUM].tobytes()
    return stored == _checksum(record)


def _checksum(record: Record) -> bytes:
    return hashlib.sha256(record.view(np.uint8)[hashlib.sha256().digest_size :].data).digest()
