"""Clips of the test split as the data folder holds them, for figures that need no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model.config import Task
from model.data.chosen_clips import first_by_category
from model.data.errors import DataError
from model.data.expectation import expectation_of
from model.data.index import read_index, subset_root
from model.data.layout import PUBLISHED_PROPOSERS, IndexEntry, clip_files, maskige_root
from model.data.pictures import read_label, read_rgb
from model.data.remedies import remedy_for_missing
from model.data.sound_outline import read_outline

SYNTHETIC = "synthetic"
Pixel = TypeVar("Pixel", np.uint8, np.int64)


@dataclass(frozen=True, eq=False)
class SampleClip:
    """A test clip of T frames with the Maskiges of all proposers that the data has."""

    entry: IndexEntry
    frames: NDArray[np.uint8]
    """(T, H, W, 3) RGB."""
    truth: NDArray[np.uint8]
    """(T, H, W) class ids; 255 is ignored."""
    sound: NDArray[np.int16]
    """(n, 2) outline, see `model.data.sound_outline`."""
    maskiges: dict[str, NDArray[np.uint8]]
    """(T, H, W, 3) RGB by proposer."""


def read_samples(
    root: Path, task: Task, proposers: Iterable[str], ids: Sequence[str], first: slice
) -> list[SampleClip]:
    """Reads some clips of the test split; their pictures may have any size.

    Args:
        root: data root or subset root, see `subset_root`.
        task: which subset.
        proposers: whose Maskiges are looked for.
        ids: names of the clips; none for the first ones of every category.
        first: which clips of that order, where no ids are given.

    Raises:
        DataError: the subset or a clip is not there, or a file of a clip cannot be used.
    """
    place = subset_root(root, task)
    entries = [entry for entry in read_index(place, task) if entry.split == "test"]
    if unknown := set(ids) - {entry.name for entry in entries}:
        raise DataError(f"{place} has no test clip {min(unknown)}: name another one")
    if ids:
        chosen = [entry for name in ids for entry in entries if entry.name == name]
    else:
        chosen = [entries[index] for index in first_by_category(entries)[first]]
    if not chosen:
        raise DataError(f"{place} has {len(entries)} test clips, fewer than the figure passes over: use more data")
    there = [proposer for proposer in proposers if _has_maskiges(place, task, proposer)]
    return [_read(place, task, entry, there) for entry in chosen]


def _has_maskiges(root: Path, task: Task, proposer: str) -> bool:
    """Whether a proposer's Maskiges are there. One folder holds the published ones or, in synthetic data, others."""
    is_synthetic = expectation_of(root, task).synthesis is not None
    if proposer in PUBLISHED_PROPOSERS and (proposer == SYNTHETIC) != is_synthetic:
        return False
    return maskige_root(task, root, proposer).is_dir()


def _read(root: Path, task: Task, entry: IndexEntry, proposers: Sequence[str]) -> SampleClip:
    files = clip_files(task, root, entry)
    missing = remedy_for_missing(files.frames[0], files, task)
    maskiges = {}
    for proposer in proposers:
        paths = clip_files(task, root, entry, proposer).maskiges
        if all(path.exists() for path in paths):
            maskiges[proposer] = _pixels(paths)
    return SampleClip(
        entry=entry,
        frames=_pixels(files.frames, missing),
        truth=_stacked(files.masks, lambda path: read_label(path, task, None, missing)).astype(np.uint8),
        sound=read_outline(files.wav, len(files.frames)),
        maskiges=maskiges,
    )


def _pixels(paths: Sequence[Path], missing: str = "") -> NDArray[np.uint8]:
    return _stacked(paths, lambda path: read_rgb(path, None, missing))


def _stacked(paths: Sequence[Path], read: Callable[[Path], NDArray[Pixel]]) -> NDArray[Pixel]:
    pictures = [read(path) for path in paths]
    if len({picture.shape for picture in pictures}) > 1:
        raise DataError(f"the pictures in {paths[0].parent} have several sizes: restore them")
    return np.stack(pictures)
