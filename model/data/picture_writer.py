"""Writing pictures, each whole or not at all."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from model.atomic_writes import atomic_file
from model.data.errors import writing


def write_picture(path: Path, picture: Image.Image) -> None:
    """Writes a picture in the format that its name says, with Pillow's defaults; folders are made as needed.

    Raises:
        UnwritableError: the folder cannot be written.
        OSError: the file cannot be written for another reason.
    """
    with writing(path), atomic_file(path) as draft:
        picture.save(draft, format=Image.registered_extensions()[path.suffix])
