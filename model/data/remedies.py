"""What to do about a file that is missing from a clip."""

from __future__ import annotations

from pathlib import Path

from model.config import Task
from model.data.layout import ClipFiles

RESTORE = "restore the clip or remove its row from the index"
PREPARE = "prepare the released clips with 'combo data prepare'"
PROPOSE = "put the published Maskiges there, or make some with 'combo data maskige'"


def remedy_for_missing(path: Path, files: ClipFiles, task: Task) -> str:
    """What brings back a frame, label, Maskige, log-mel or sound of a clip."""
    if path in files.maskiges:
        return PROPOSE
    if task == "avss" and path != files.wav and (files.wav.parent / "frames").is_dir():
        return PREPARE
    return RESTORE
