"""Stored documents as bytes and back. A damaged one is refused with its file and the reason."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from experiments import damage
from experiments.damage import first_mistake
from experiments.errors import InputError
from experiments.other_schema import parse_stored
from experiments.records import CLASS_FIELDS, SCORE_COLUMNS, Record
from model.regular_files import LARGEST_DOCUMENT, LARGEST_TABLE, check_regular, open_regular, read_regular

if TYPE_CHECKING:
    from model.metrics.protocol import ClipScore

Stored = TypeVar("Stored", bound=Record)

LONGEST_LINE = 2**16
"""Bytes; what is measured at one step is far shorter."""


def read_record(path: Path, model: type[Stored]) -> Stored | None:
    """A stored record; None if there is none.

    Raises:
        OtherSchemaError: it is of another schema.
        InputError: it is damaged, or closed to this user.
    """
    try:
        return parse_stored(model, read_regular(path), str(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(damage.no_file(str(path), error)) from None
    except ValidationError as error:
        raise damaged(path, first_mistake(error)) from None


def damaged(path: Path, why: str) -> InputError:
    """What is wrong with a stored file, and what to do about it."""
    return InputError(damage.damaged(str(path), why))


def check_file(path: Path, at_most: int = LARGEST_DOCUMENT) -> None:
    """Refuses what lies where a file belongs and is none; where there is nothing, a file may come.

    Raises:
        InputError: it is a folder, a pipe, a link to nowhere, or larger than such a file can be.
    """
    if os.path.lexists(path):
        check_there(path, at_most)


def check_there(path: Path, at_most: int = LARGEST_DOCUMENT) -> None:
    """Refuses a stored file that cannot be read.

    Raises:
        InputError: as for `check_file`, or there is nothing.
    """
    try:
        check_regular(path, at_most)
    except OSError as error:
        raise InputError(damage.no_file(str(path), error)) from None


def record_bytes(record: Record) -> bytes:
    """A record as it is stored.

    Raises:
        ValueError: nobody could read it again.
    """
    content = (record.model_dump_json(indent=1) + "\n").encode()
    try:
        type(record).model_validate_json(content)
    except ValidationError as error:
        raise ValueError(
            f"{type(record).__name__} is not written, as it could not be read: {first_mistake(error)}"
        ) from None
    return content


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
    with open_regular(path, LARGEST_TABLE) as file:
        file.seek(max(0, path.stat().st_size - LONGEST_LINE))
        return (file.read().splitlines() or [b""])[-1]


def stored_bytes(path: Path) -> bytes:
    """What a file of metrics or of a log holds; nothing if there is no file.

    Raises:
        InputError: something else is in its place.
    """
    try:
        return read_regular(path, LARGEST_TABLE)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise InputError(damage.no_file(str(path), error)) from None


def stored_lines(path: Path) -> list[bytes]:
    """The same, line by line."""
    return stored_bytes(path).splitlines()
