"""Pickles of numpy arrays, as detectron2 keeps ImageNet weights, read without running what they ask for."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

NUMBERS = "biuf"
"""Kinds of numpy types that are tensors: truth values, integers, floats."""


def load_arrays(path: Path) -> Any:
    """The pickled object, with tensors in place of arrays, also one level down.

    Raises:
        pickle.UnpicklingError: the pickle asks for anything but arrays of numbers and plain containers; the message
            names it as torch does, `GLOBAL module.name`.
        Exception: whatever the bytes of a damaged pickle lead to.
    """
    with path.open("rb") as file:
        # Python 2 wrote the bytes of arrays as text, one character for each.
        content = _ArrayUnpickler(file, encoding="latin1").load()
    if not isinstance(content, Mapping):
        return content
    return {
        key: {name: _tensor(inner) for name, inner in value.items()} if isinstance(value, Mapping) else _tensor(value)
        for key, value in content.items()
    }


def _tensor(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    return torch.from_numpy(np.array(value, dtype=value.dtype.newbyteorder("=")))


def _empty_array(*_: Any) -> np.ndarray[Any, Any]:
    """Stands where numpy's own would reserve the memory that the pickle demands; its state follows."""
    return np.empty(0)


def _number_type(code: str, *_: Any) -> np.dtype[Any]:
    found = np.dtype(code, copy=True)
    if found.kind not in NUMBERS:
        raise pickle.UnpicklingError(f"GLOBAL numpy.dtype.{code}")
    return found


def _latin1_bytes(text: str, _encoding: str) -> bytes:
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


class _ArrayUnpickler(pickle.Unpickler):
    ALLOWED: Mapping[str, Any] = {
        "collections.OrderedDict": OrderedDict,
        "numpy.ndarray": np.ndarray,
        "numpy.dtype": _number_type,
        "_codecs.encode": _latin1_bytes,
        "__builtin__.bytes": _no_bytes,
        # numpy 1 and numpy 2 keep the same functions in different places.
        **{f"numpy.{core}.multiarray._reconstruct": _empty_array for core in ("core", "_core")},
        **{f"numpy.{core}.numeric._frombuffer": np.empty(0).__reduce_ex__(5)[0] for core in ("core", "_core")},
    }

    def find_class(self, module: str, name: str) -> Any:
        asked = f"{module}.{name}"
        if asked not in self.ALLOWED:
            raise pickle.UnpicklingError(f"GLOBAL {asked}")
        return self.ALLOWED[asked]
