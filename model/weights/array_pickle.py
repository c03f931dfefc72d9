"""Pickles of numpy arrays, as detectron2 keeps ImageNet weights, read without running what they ask for.

Nothing of numpy is handed to a pickle: it gets stand-ins that take exactly what numpy's own pickles give them. A pickle
can therefore neither reserve memory that it does not fill, nor make types whose values are not in it.
"""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

NUMBER = re.compile(r"[biuf]\d+")
"""Codes of numpy types that are tensors: truth values, integers, floats."""
DTYPE_VERSIONS = (3, 4)
PLAIN = (None, None, None, -1, -1, 0)
"""The rest of the state of a numpy type without subarray, names, fields, own size, own alignment and flags."""


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
    if not isinstance(value, _Array):
        return value
    return torch.from_numpy(np.array(value.values, dtype=value.values.dtype.newbyteorder("=")))


class _NumberType:
    """Stands for a numpy type; the byte order follows as its state."""

    __slots__ = ("dtype",)

    def __init__(self, code: str, *_: Any) -> None:
        if not NUMBER.fullmatch(code):
            raise pickle.UnpicklingError(f"GLOBAL numpy.dtype.{code}")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        version, order, *rest = state
        if version not in DTYPE_VERSIONS or tuple(rest) != PLAIN:
            raise ValueError(f"{self.dtype} with fields, subarrays or flags")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stands for an array; its values follow as its state."""

    __slots__ = ("values",)

    def __init__(self, *_: Any) -> None:
        """Does nothing where numpy's own would reserve the memory that the pickle demands."""

    def __setstate__(self, state: tuple[int, Sequence[int], _NumberType, bool, bytes | str]) -> None:
        _version, shape, number, is_fortran, content = state
        self.values = _array(content, number, shape, "F" if is_fortran else "C")


def _array(
    content: bytes | str, number: _NumberType, shape: Sequence[int], order: str, axes: Sequence[int] | None = None
) -> NDArray[Any]:
    """The values in the content, exactly as many as the shape has places."""
    content = content.encode("latin1") if isinstance(content, str) else content
    if min(shape, default=0) < 0 or math.prod(shape) * number.dtype.itemsize != len(content):
        raise ValueError(f"an array of shape {tuple(shape)} has {len(content)} bytes")
    values = np.frombuffer(content, number.dtype)
    if order == "F":
        return values.reshape(shape, order="F")
    return values.reshape(shape) if axes is None else values.reshape(shape).transpose(axes)


def _array_of_buffer(*content: Any) -> _Array:
    """An array of pickle protocol 5, which comes with its values."""
    array = _Array()
    array.values = _array(*content)
    return array


def _latin1_bytes(text: str, _encoding: str) -> bytes:
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


class _Callable:
    """What a pickle may call, but not change."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, _state: Any) -> None:
        raise pickle.UnpicklingError("a pickle may not change what it calls")


# C's unpickler makes room for the highest number that a file gives to one of its objects; this one does not.
class _ArrayUnpickler(pickle._Unpickler):
    ALLOWED: Mapping[str, Any] = {
        "collections.OrderedDict": dict,
        "numpy.ndarray": "the class that arrays are made of",  # only ever passed on, to `_reconstruct`
        "numpy.dtype": _Callable(_NumberType),
        "_codecs.encode": _Callable(_latin1_bytes),
        "__builtin__.bytes": _Callable(_no_bytes),
        # numpy 1 and numpy 2 keep the same functions in different places.
        **{f"numpy.{core}.multiarray._reconstruct": _Callable(_Array) for core in ("core", "_core")},
        **{f"numpy.{core}.numeric._frombuffer": _Callable(_array_of_buffer) for core in ("core", "_core")},
    }

    def find_class(self, module: str, name: str) -> Any:
        asked = f"{module}.{name}"
        if asked not in self.ALLOWED:
            raise pickle.UnpicklingError(f"GLOBAL {asked}")
        return self.ALLOWED[asked]
