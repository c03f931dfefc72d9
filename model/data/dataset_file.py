"""`dataset.json` beside an index: how synthetic data were asked for, or what a data set of one's own holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from model.data.errors import DataError

DATASET_FILE = "dataset.json"
"""Released data have none."""
SPLIT_SIZES = "splits"
"""Key of a declaration; what synthetic data write has none of this name."""


def read_dataset_file(root: Path) -> dict[str, Any] | None:
    """What `dataset.json` says; None where there is none.

    Raises:
        DataError: it is no JSON object.
    """
    path = root / DATASET_FILE
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise damaged(root)
    return found


def damaged(root: Path) -> DataError:
    """What to say of a `dataset.json` that makes no sense."""
    path = root / DATASET_FILE
    return DataError(f"{path} is damaged: restore it, or delete it if the data are the published ones")
