"""Reading files of arrays with a record, as trials store predictions and previews; nothing in them is ever run."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from tokenize import TokenError
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from experiments.prediction_record import RECORD
from experiments.records import Record
from experiments.validate import validate
from model.regular_files import open_regular
from reports.stored.documents import refusal, shown
from reports.stored.zip_damage import ZIP_DAMAGE

LARGEST = 2**28
"""Bytes of all arrays of a file together; ten frames of 1024 x 1024 pixels take less than half."""
DAMAGE = (*ZIP_DAMAGE, TokenError, MemoryError)
"""Errors of a damaged file. numpy parses an array's shape as a Python literal, so a wrong one may be of any size."""
Told = TypeVar("Told", bound=Record)


def read_arrays(
    path: Path, record: type[Told], is_wanted: Callable[[str], bool]
) -> tuple[Told, dict[str, NDArray[Any]]]:
    """A file's record, and its arrays by name; others than those wanted are not looked at.

    Raises:
        InputError: it is missing, damaged, or of another version.
    """
    try:
        arrays = _read(path, lambda name: name == RECORD or is_wanted(name))
        content = arrays.pop(RECORD)
    except OSError as error:
        raise refusal(path, f"cannot be read: {error.strerror or error}") from None
    except DAMAGE as error:
        raise refusal(path, f"is damaged: {str(error) or type(error).__name__}") from None
    try:
        values = json.loads(np.asarray(content).tobytes())
    except (ValueError, RecursionError):
        raise refusal(path, "is damaged: its record is no JSON") from None
    return validate(record, values, shown(path)), arrays


def _read(path: Path, is_wanted: Callable[[str], bool]) -> dict[str, NDArray[Any]]:
    with open_regular(path, LARGEST) as file:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > LARGEST:
            raise ValueError(f"its arrays take {size} bytes")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays if is_wanted(name)}
