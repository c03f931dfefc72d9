"""Writing the Maskiges of a subset: what is there and intact stays, what is missing or damaged is made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from model.config import Task
from model.data.atomic_file import write_file, write_picture
from model.data.clip_pool import in_processes
from model.data.errors import DataError
from model.data.index import read_index, subset_root
from model.data.layout import IndexEntry, clip_files, maskige_root, released_picture
from model.data.maskige import colour_masks, palette_image
from model.data.pictures import read_rgb
from model.data.preparation.geometry import to_square
from model.data.preparation.output import Output
from model.data.proposals.source import MaskSource
from model.data.remedies import PROPOSE

IDENTITY_FILE = ".proposer.json"
"""Beside the Maskiges: what made them, so that those of other weights do not join them."""


@dataclass(frozen=True)
class WrittenMaskiges:
    """What became of the Maskiges of a subset, or of one clip."""

    written: int
    """Files made."""
    intact: int
    """Files that were there already."""
    problems: list[str]
    """One sentence for each frame without a Maskige, in the order of the index."""


def write_maskiges(
    root: Path, task: Task, size: int, source: MaskSource, workers: int, on_progress: Callable[[int, int], None]
) -> WrittenMaskiges:
    """Writes the Maskiges where the loader looks for those of that proposer. Every file appears whole or not at all.

    S4 and MS3: palette PNG of the square frame. AVSS: RGB PNG; the masks are those of the released frame where it
    exists, and the Maskige is then cropped or squeezed as the frame was (COMBO section 1.3). A frame that cannot be
    used stops no other.

    Args:
        root: data root or subset root, see `subset_root`.
        task: which subset.
        size: side of the Maskiges, pixels.
        source: of the masks; for more than one process it can be pickled.
        workers: processes.
        on_progress: called with clips done and total after every clip.

    Raises:
        DataError: the subset is not there, its index is damaged, or Maskiges of other weights lie in the place.
        OSError: a file cannot be written.
    """
    root = subset_root(root, task)
    entries = read_index(root, task)
    _claim(maskige_root(task, root, source.name), source)
    written = intact = 0
    problems: list[str] = []
    work = partial(write_clip_maskiges, root, task, size, source)
    for done, clip in enumerate(in_processes(work, entries, workers), start=1):
        written, intact = written + clip.written, intact + clip.intact
        problems += clip.problems
        on_progress(done, len(entries))
    return WrittenMaskiges(written, intact, problems)


def write_clip_maskiges(root: Path, task: Task, size: int, source: MaskSource, entry: IndexEntry) -> WrittenMaskiges:
    """Writes the Maskiges of one clip."""
    written = intact = 0
    problems = []
    files = clip_files(task, root, entry, source.name)
    for frame, maskige in zip(files.frames, files.maskiges, strict=True):
        output = Output(
            partial(read_rgb, maskige, size, PROPOSE), partial(_write, maskige, frame, task, entry.split, size, source)
        )
        if output.is_intact:
            intact += 1
            continue
        try:
            output.write()
        except DataError as error:
            problems.append(str(error))
        else:
            written += 1
    return WrittenMaskiges(written, intact, problems)


def _write(maskige: Path, frame: Path, task: Task, split: str, size: int, source: MaskSource) -> None:
    picture = _avss_maskige(source, frame, split, size) if task == "avss" else _palette_maskige(source, frame, size)
    write_picture(maskige, picture)


def _palette_maskige(source: MaskSource, frame: Path, size: int) -> Image.Image:
    ids, _ = colour_masks(source.masks(frame), size)
    return palette_image(ids)


def _avss_maskige(source: MaskSource, frame: Path, split: str, size: int) -> Image.Image:
    released = released_picture(frame)
    _, colours = colour_masks(source.masks(released if released.exists() else frame))
    return to_square(Image.fromarray(colours), split, size, Image.Resampling.NEAREST)


def _claim(folder: Path, source: MaskSource) -> None:
    """Notes what makes the Maskiges of a folder; refuses to add to those that something else has made."""
    if source.identity is None:
        return
    note = folder / IDENTITY_FILE
    made_by = {"proposer": source.name, "identity": source.identity}
    try:
        found = json.loads(note.read_text())
    except FileNotFoundError:
        write_file(note, (json.dumps(made_by, indent=1) + "\n").encode())
        return
    except ValueError:
        found = None
    if found != made_by:
        raise DataError(f"{folder} holds Maskiges that other weights or settings made: delete or rename it first")
