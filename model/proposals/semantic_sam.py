"""Semantic-SAM: masks that the authors' tool has stored as `.npy` files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.config import Task
from model.data.decoding import read_decoded
from model.data.errors import DataError, FileError
from model.data.layout import PREPARED, SUBSET_FOLDERS

_MAKE = "make it with Semantic-SAM"


class StoredMasks:
    """Masks in a folder that mirrors the frames: those of `<frame>.png` are in `<frame>_mask.npy`.

    AVSS: masks of the released frames (`frames/`) are preferred over those of the prepared ones.
    """

    name = "semantic-sam"
    identity: str | None = None

    def __init__(self, folder: Path, task: Task, root: Path) -> None:
        """Finds the subset.

        Args:
            folder: holds `AVSBench_object` and `AVSBench_semantic`, or is the part of it that mirrors the subset.
            task: which subset.
            root: the subset root, where the frames lie.

        Raises:
            DataError: there is no such folder.
        """
        if not folder.is_dir():
            raise DataError(f"{folder} is no folder: name the one with the masks that Semantic-SAM's tool wrote")
        candidates = (folder / SUBSET_FOLDERS[task], folder / SUBSET_FOLDERS[task].name, folder)
        self._folder = next(candidate for candidate in candidates if candidate.is_dir())
        self._root = root

    def masks(self, frame: Path) -> NDArray[np.bool_]:
        """Reads the masks of a frame; the authors store zeros (1, H, W) where they found none.

        Args:
            frame: below the subset root; it need not exist.

        Returns:
            (n, H, W).

        Raises:
            FileError: the file is missing, damaged, or holds something other than masks; nothing in it is run.
        """
        path = self._file_of(frame)
        stored = read_decoded(path, partial(np.load, allow_pickle=False), _problem, _MAKE, f"{_MAKE} again")
        if not isinstance(stored, np.ndarray) or stored.ndim != 3:
            raise FileError(path, "mode", "holds no array (masks, height, width)", f"{_MAKE} again")
        if stored.dtype != np.bool_ and not np.isin(stored, (0, 1)).all():
            raise FileError(path, "values", "stores other values than 0 and 1", f"{_MAKE} again")
        return stored.astype(np.bool_)

    def _file_of(self, frame: Path) -> Path:
        place = self._folder / frame.relative_to(self._root)
        path = place.with_name(f"{place.stem}_mask.npy")
        prepared = path.parent.with_name(PREPARED + path.parent.name) / path.name
        return prepared if prepared.exists() and not path.exists() else path


def _problem(error: Exception) -> str:
    return f"cannot be read as an array ({error})"
