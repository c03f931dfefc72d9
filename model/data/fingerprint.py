"""A short digest of a data set, so that a trial knows what it was trained on."""

from __future__ import annotations

import hashlib
from pathlib import Path

from model.config import Task
from model.data.errors import DataError
from model.data.index import read_index, subset_root
from model.data.layout import INDEX_FILES, ClipFiles, clip_files

DATASET_FILE = "dataset.json"
"""Written last into synthetic subsets; real ones have none."""


def data_fingerprint(root: Path, task: Task, proposer: str = "semantic-sam") -> str:
    """Digest of a subset with one proposer's Maskiges, 16 hexadecimal digits, the same wherever the data lie.

    It covers the bytes of the index file and of `dataset.json` if there is one, and the relative path and size of
    every file that the loader reads, of all splits. It does not read those files: an edit that keeps a file's size is
    not seen.

    Raises:
        DataError: if the subset or one of its files is missing.
    """
    root = subset_root(Path(root), task)
    digest = hashlib.sha256((root / INDEX_FILES[task]).read_bytes())
    if (root / DATASET_FILE).is_file():
        digest.update((root / DATASET_FILE).read_bytes())
    clips = (clip_files(task, root, entry, proposer) for entry in read_index(root, task))
    paths = (path for files in clips for path in _files_read(files))
    for path in sorted(paths):
        digest.update(f"\n{path.relative_to(root).as_posix()} {_size(path)}".encode())
    return digest.hexdigest()[:16]


def _files_read(files: ClipFiles) -> tuple[Path, ...]:
    sound = files.log_mel if files.log_mel.exists() else files.wav
    return (*files.frames, *files.maskiges, *files.masks, sound)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise DataError(f"{path} is missing: complete the data set or remove the clip from its index") from None
