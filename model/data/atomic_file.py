"""Data files that are there whole or not at all."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from PIL import Image


def write_file(path: Path, content: bytes) -> None:
    """Writes a file beside its place and moves it there; folders are made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_picture(path: Path, picture: Image.Image, **options: Any) -> None:
    """Writes a picture in the format that its name says, with Pillow's defaults unless `options` say otherwise."""
    buffer = io.BytesIO()
    picture.save(buffer, format=Image.registered_extensions()[path.suffix], **options)
    write_file(path, buffer.getvalue())
