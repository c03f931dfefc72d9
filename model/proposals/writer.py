"""Writing the Maskiges of a subset: what is there and intact stays, and published ones stay in any case."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from model.config import Task
from model.data.errors import DataError, writing
from model.data.geometry import to_square
from model.data.index import read_index, subset_root
from model.data.layout import PUBLISHED_PROPOSERS, IndexEntry, clip_files, maskige_root, released_picture
from model.data.maskige import colour_masks, palette_image
from model.data.output import DAMAGED_TOO, ONLY_MISSING, Made, Output, make_all, make_clips
from model.data.picture_writer import write_picture
from model.data.pictures import read_rgb, refuse_another_size
from model.data.remedies import PROPOSE
from model.proposals.source import MaskSource

IDENTITY_FILE = ".proposer.json"
"""Beside the Maskiges: what made them, so that those of other weights do not join them."""


def write_maskiges(
    root: Path, task: Task, size: int, source: MaskSource, workers: int, on_progress: Callable[[int, int], None]
) -> Made:
    """Writes the Maskiges where the loader looks for those of that proposer. Every file appears whole or not at all.

    S4 and MS3: palette PNG of the square frame. AVSS: RGB PNG; the masks are those of the released frame where it
    exists, and the Maskige is then cropped or squeezed as the frame was. A frame that cannot be
    used stops no other. Where the published Maskiges lie only missing ones are made, elsewhere damaged ones too.

    Args:
        root: data root or subset root, see `subset_root`.
        task: which subset.
        size: side of the Maskiges, pixels.
        source: of the masks; for more than one process it can be pickled.
        workers: processes.
        on_progress: called with clips done and total after every clip.

    Raises:
        DataError: the subset is not there, its index is damaged, or Maskiges of another size, of other weights or of
            unknown origin lie in the place.
        OSError: this machine cannot read or write a file.
    """
    root = subset_root(root, task)
    entries = read_index(root, task)
    refuse_another_size((clip_files(task, root, entry, source.name).maskiges[0] for entry in entries), size)
    if source.identity is not None:
        claim(maskige_root(task, root, source.name), {"proposer": source.name, "identity": source.identity})
    return make_clips(partial(write_clip_maskiges, root, task, size, source), entries, workers, on_progress)


def write_clip_maskiges(root: Path, task: Task, size: int, source: MaskSource, entry: IndexEntry) -> Made:
    """Writes the Maskiges of one clip."""
    return make_all(_outputs(root, task, size, source, entry))


def _outputs(root: Path, task: Task, size: int, source: MaskSource, entry: IndexEntry) -> Iterator[Output]:
    files = clip_files(task, root, entry, source.name)
    mended = ONLY_MISSING if source.name in PUBLISHED_PROPOSERS else DAMAGED_TOO
    for frame, maskige in zip(files.frames, files.maskiges, strict=True):
        write = partial(_write, maskige, frame, task, entry.split, size, source)
        yield Output(partial(read_rgb, maskige, size, PROPOSE), write, mended)


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


def claim(folder: Path, made_by: dict[str, str]) -> None:
    """Notes what makes the Maskiges of a folder; refuses to add to those that something else has made.

    The note is created by one process only and before any picture, so of two that start at once the second finds it.
    """
    note = folder / IDENTITY_FILE
    if any(folder.rglob("*.png")) and not note.exists():
        raise DataError(f"{folder} holds Maskiges of unknown origin, {note.name} is missing: delete or rename it first")
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with writing(note), note.open("x", encoding="utf-8") as file:
            file.write(json.dumps(made_by, indent=1) + "\n")
    except FileExistsError:
        if _noted(note) != made_by:
            message = "holds Maskiges that other weights or settings made: delete or rename it first"
            raise DataError(f"{folder} {message}") from None


def _noted(note: Path) -> Any:
    try:
        return json.loads(note.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
