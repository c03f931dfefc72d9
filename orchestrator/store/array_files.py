"""Arrays and a record as the bytes of one file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.prediction_record import RECORD
from experiments.records import Record

NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that a zip can state."""


def array_bytes(arrays: Mapping[str, NDArray[Any]], record: Record) -> bytes:
    """As `np.savez_compressed` writes them, without the time of day: equal contents give equal bytes."""
    told = np.frombuffer(record.model_dump_json().encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in {**arrays, RECORD: told}.items():
            info = zipfile.ZipInfo(f"{name}.npy", NO_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return buffer.getvalue()
