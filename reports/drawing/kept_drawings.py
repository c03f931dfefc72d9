"""Drawings that were drawn before: a figure takes most of a second, and most are as they were.

A drawing is known by what it is painted from and by the code that paints. One that is lost, damaged or of other code is
drawn anew, so this costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache, partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
from pydantic import BaseModel, TypeAdapter, ValidationError

import reports
from experiments.atomic_write import write_atomic
from reports.drawing.hot_spots import Spot
from reports.stored.zip_damage import ZIP_DAMAGE

FORMS = ("svg", "pdf", "png", "spots")
KEPT_DAYS = 30
"""How long a drawing is kept that no report shows any more."""

Drawing = tuple[str, bytes, bytes, tuple[Spot, ...]]
_SPOTS = TypeAdapter(tuple[Spot, ...])
_folder: ContextVar[Path | None] = ContextVar("kept_drawings", default=None)


@contextmanager
def keeping_drawings(folder: Path | None) -> Iterator[None]:
    """While the context is open, drawings are looked up and kept in a folder; None keeps nothing."""
    token = _folder.set(folder)
    try:
        yield
    finally:
        _folder.reset(token)
        if folder is not None:
            _forget_old(folder)


def drawn_once(paint: partial[Any], draw: Callable[[], Drawing]) -> Drawing:
    """The drawing as SVG, PDF and PNG with its spots, drawn if it is not kept.

    Args:
        paint: what it is painted with: a function of a module, and all that it is painted from.
        draw: draws it.
    """
    folder = _folder.get()
    if folder is None:
        return draw()
    path = folder / f"{_digest(paint)}.zip"
    kept = _read(path)
    if kept is not None:
        return kept
    drawing = draw()
    _write(path, drawing)
    return drawing


class _Inputs(pickle.Pickler):
    """Makes equal inputs equal bytes: pydantic remembers in a set, in any order, which fields a model was given."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, BaseModel):
            return type(value).model_validate_json, (value.model_dump_json(),)
        return NotImplemented


def _digest(paint: partial[Any]) -> str:
    painter = f"{paint.func.__module__}.{paint.func.__qualname__}"
    inputs = io.BytesIO()
    _Inputs(inputs).dump((painter, paint.args, paint.keywords))
    return hashlib.sha256(_code() + inputs.getvalue()).hexdigest()


@cache
def _code() -> bytes:
    """Digest of all code that may change how a figure looks."""
    root = Path(reports.__file__).parent
    digest = hashlib.sha256(mpl.__version__.encode())
    for path in sorted(root.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def _read(path: Path) -> Drawing | None:
    try:
        with zipfile.ZipFile(path) as kept:
            svg, pdf, png, spots = (kept.read(form) for form in FORMS)
        drawing = svg.decode(), pdf, png, _SPOTS.validate_json(spots)
    except (OSError, ValidationError, *ZIP_DAMAGE):
        return None
    with suppress(OSError):
        path.touch()
    return drawing


def _write(path: Path, drawing: Drawing) -> None:
    buffer = io.BytesIO()
    contents: tuple[str | bytes, ...] = (*drawing[:3], _SPOTS.dump_json(drawing[3]))
    with zipfile.ZipFile(buffer, "w") as kept:
        for form, content in zip(FORMS, contents, strict=True):
            kept.writestr(form, content)
    with suppress(OSError):
        write_atomic(path, buffer.getvalue())


def _forget_old(folder: Path) -> None:
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for path in folder.glob("*.zip"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
