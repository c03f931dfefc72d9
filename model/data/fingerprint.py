"""A short digest of a data set, so that a trial knows what it was trained on."""

from __future__ import annotations

import hashlib
from pathlib import Path

from model.config import Task, TrialConfig
from model.data.dataset_file import DATASET_FILE, SPLIT_SIZES, read_dataset_file
from model.data.index import read_index, subset_root
from model.data.layout import INDEX_FILES, SPLITS, ClipFiles, clip_files
from model.data.quarantine import Quarantine
from model.data.remedies import remedy_for_missing


def data_fingerprint(root: Path, task: Task, proposer: str | None = "semantic-sam", size: int = 224) -> str:
    """Digest of a subset with one proposer's Maskiges, 16 hexadecimal digits, the same wherever the data lie.

    It covers the bytes of the index file and of the `dataset.json` of synthetic data, and the relative path and size of
    every file that the loader reads, of all splits. It does not read those files: an edit that keeps a file's size is
    not seen. A missing file counts as such, as long as the quarantine tolerates it.

    Args:
        root: data root or subset root, see `subset_root`.
        task: which subset.
        proposer: whose Maskiges; None where none are looked at, which are then no part of it.
        size: side of the pictures that will be read, pixels; no part of the digest, the advice on lost files names it.

    Raises:
        DataError: if the subset is missing, its `dataset.json` is damaged, or more clips of a split lack files than the
            quarantine tolerates.
    """
    root = subset_root(Path(root), task)
    digest = hashlib.sha256((root / INDEX_FILES[task]).read_bytes())
    known = read_dataset_file(root)
    if known is not None and SPLIT_SIZES not in known:
        digest.update((root / DATASET_FILE).read_bytes())
    entries = read_index(root, task)
    sizes: dict[Path, int | None] = {}
    for split in SPLITS:
        clips = [clip_files(task, root, entry, proposer) for entry in entries if entry.split == split]
        quarantine = Quarantine(root, task, split, len(clips), proposer, size)
        for place, files in enumerate(clips):
            found = _sizes(files)
            sizes.update(found)
            if missing := [path for path, size in found.items() if size is None]:
                quarantine.add([(place, f"{missing[0]} is missing: {remedy_for_missing(missing[0], files, task)}")])
        quarantine.refuse_excess()
    below = len(str(root / "_")) - 1  # `Path.relative_to` would take longer than to ask for the sizes
    by_name = {str(path)[below:]: size for path, size in sizes.items()}
    for name in sorted(by_name, key=lambda name: name.split("/")):
        digest.update(f"\n{name} {by_name[name]}".encode())
    return digest.hexdigest()[:16]


def trial_fingerprint(root: Path, config: TrialConfig) -> str:
    """Digest of the data that a trial is trained on; see `data_fingerprint`."""
    return data_fingerprint(root, config.data.task, config.proposer, config.data.size)


def _sizes(files: ClipFiles) -> dict[Path, int | None]:
    """Bytes of each file that the loader reads; None where there is none."""
    sound = files.log_mel if files.log_mel.exists() else files.wav
    return {path: _size(path) for path in (*files.frames, *files.maskiges, *files.masks, sound)}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None
