"""Preparing a subset: what is there and intact stays, what is missing or damaged is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from model.config import Task
from model.data.clip_pool import in_processes
from model.data.errors import DataError
from model.data.index import read_index, subset_root
from model.data.layout import IndexEntry, clip_files
from model.data.preparation.log_mels import log_mel_output
from model.data.preparation.output import Output
from model.data.preparation.pictures import picture_outputs


@dataclass(frozen=True)
class Prepared:
    """What became of a subset, or of one clip."""

    written: int
    """Files made."""
    intact: int
    """Files that were there already."""
    problems: list[str]
    """One sentence for each clip that could not be prepared, in the order of the index."""


def prepare_subset(
    root: Path, task: Task, size: int, workers: int, on_progress: Callable[[int, int], None]
) -> Prepared:
    """Makes the files that the loader reads and the release lacks. Every file appears whole or not at all.

    AVSS: frames and labels at the network's size and log-mels; S4 and MS3: log-mels. A clip that cannot be prepared
    stops no other.

    Args:
        root: data root or subset root, see `subset_root`.
        task: which subset.
        size: side of the prepared pictures, pixels.
        workers: processes.
        on_progress: called with clips done and total after every clip.

    Raises:
        DataError: if the subset is not there or its index is damaged.
        OSError: if a file cannot be written.
    """
    root = subset_root(root, task)
    entries = read_index(root, task)
    written = intact = 0
    problems: list[str] = []
    for done, clip in enumerate(in_processes(partial(prepare_clip, root, task, size), entries, workers), start=1):
        written, intact = written + clip.written, intact + clip.intact
        problems += clip.problems
        on_progress(done, len(entries))
    return Prepared(written, intact, problems)


def prepare_clip(root: Path, task: Task, size: int, entry: IndexEntry) -> Prepared:
    """Prepares one clip up to its first file that cannot be made."""
    written = intact = 0
    for output in _outputs(root, task, size, entry):
        if output.is_intact:
            intact += 1
            continue
        try:
            output.write()
        except DataError as error:
            return Prepared(written, intact, [str(error)])
        written += 1
    return Prepared(written, intact, [])


def _outputs(root: Path, task: Task, size: int, entry: IndexEntry) -> Iterator[Output]:
    files = clip_files(task, root, entry)
    if task == "avss":
        yield from picture_outputs(files, entry.split, size)
    yield log_mel_output(files, task)
