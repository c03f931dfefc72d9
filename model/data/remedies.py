"""What to do about a file that is missing from a clip, and from what it could be made."""

from __future__ import annotations

from pathlib import Path

from model.config import Task
from model.data.layout import ClipFiles, released_picture

RESTORE = "restore the clip or remove its row from the index"
PREPARE = "prepare the released clips with 'combo data prepare'"
PROPOSE = "put the published Maskiges there, or make some with 'combo data maskige'"


def has_release(files: ClipFiles, task: Task) -> bool:
    """Whether a clip's released pictures are there, from which preparation makes those that the loader reads."""
    return task == "avss" and released_picture(files.frames[0]).parent.is_dir()


def remedy_for_missing(path: Path, files: ClipFiles, task: Task) -> str:
    """What brings back a frame, label, Maskige, log-mel or sound of a clip."""
    if path in files.maskiges:
        return PROPOSE
    if path != files.wav and has_release(files, task):
        return PREPARE
    return RESTORE
