"""Stored documents as bytes and back. A damaged one is refused with its file and the reason."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from experiments.errors import InputError, Problem
from experiments.records import CLASS_FIELDS, SCORE_COLUMNS, Record

if TYPE_CHECKING:
    from model.metrics.protocol import ClipScore

Stored = TypeVar("Stored", bound=Record)

DAMAGED = "restore it, or remove the trial folder to run it again"
"""What to do with a stored record that cannot be used."""
LONGEST_LINE = 2**16
"""Bytes; what is measured at one step is far shorter."""


def read_record(path: Path, model: type[Stored]) -> Stored | None:
    """A stored record; None if there is none.

    Raises:
        InputError: it is damaged, or of another version.
    """
    try:
        return model.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise InputError(Problem(str(path), "is damaged: it is a folder", DAMAGED)) from None
    except ValidationError as error:
        first = error.errors()[0]
        what = f"is damaged: {'.'.join(map(str, first['loc']))} {first['msg']}".replace(":  ", ": ")
        raise InputError(Problem(str(path), what, DAMAGED)) from None


def record_bytes(record: Record) -> bytes:
    """A record as it is stored."""
    return (record.model_dump_json(indent=1) + "\n").encode()


def score_bytes(clips: Sequence[ClipScore]) -> bytes:
    """Per-clip scores as Parquet, columns `SCORE_COLUMNS`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    of_class = dict(zip(CLASS_FIELDS, (pa.int32(), pa.float64(), pa.float64(), pa.int32()), strict=True))
    text, number, count = pa.string(), pa.float64(), pa.int64()
    types = (text, text, number, number, count, count, pa.list_(pa.struct(of_class.items())))
    schema = pa.schema(zip(SCORE_COLUMNS, types, strict=True))
    table = pa.Table.from_pylist([asdict(clip) for clip in clips], schema)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def last_line(path: Path) -> bytes:
    """The last line of a file, without reading the others; empty if there is none."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LONGEST_LINE))
        return (file.read().splitlines() or [b""])[-1]


def stored_lines(path: Path) -> list[bytes]:
    """The lines of a file; none if there is no file."""
    return path.read_bytes().splitlines() if path.is_file() else []
