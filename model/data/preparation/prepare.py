"""Preparing a subset: what is there and intact stays, what the release lacks is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from model.config import Task
from model.data.index import read_index, subset_root
from model.data.layout import IndexEntry, clip_files
from model.data.output import Made, Output, make_all, make_clips
from model.data.pictures import refuse_another_size
from model.data.preparation.log_mels import log_mel_output
from model.data.preparation.pictures import picture_outputs


def prepare_subset(root: Path, task: Task, size: int, workers: int, on_progress: Callable[[int, int], None]) -> Made:
    """Makes the files that the loader reads and the release lacks. Every file appears whole or not at all.

    AVSS: frames and labels at the network's size and log-mels, missing and damaged ones; S4 and MS3: missing log-mels,
    since the others were released. A file that cannot be made stops no other.

    Args:
        root: data root or subset root, see `subset_root`.
        task: which subset.
        size: side of the prepared pictures, pixels.
        workers: processes.
        on_progress: called with clips done and total after every clip.

    Raises:
        DataError: if the subset is not there, its index is damaged, or its pictures were prepared in another size.
        OSError: if this machine cannot read or write a file.
    """
    root = subset_root(root, task)
    entries = read_index(root, task)
    if task == "avss":
        refuse_another_size((clip_files(task, root, entry).frames[0] for entry in entries), size)
    return make_clips(partial(prepare_clip, root, task, size), entries, workers, on_progress)


def prepare_clip(root: Path, task: Task, size: int, entry: IndexEntry) -> Made:
    """Prepares one clip."""
    return make_all(_outputs(root, task, size, entry))


def _outputs(root: Path, task: Task, size: int, entry: IndexEntry) -> Iterator[Output]:
    files = clip_files(task, root, entry)
    if task == "avss":
        yield from picture_outputs(files, entry.split, size)
    yield log_mel_output(files, task)
