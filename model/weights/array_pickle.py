"""Pickled numpy arrays, as detectron2 keeps ImageNet weights.

Nothing of numpy is handed to a pickle: it gets stand-ins that take exactly what numpy's own pickles give them. A pickle
can therefore neither reserve memory that it does not fill, nor make types whose values are not in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.weights.errors import ContradictionError
from model.weights.inert_pickle import Answer, StandIn

NUMBER = re.compile(r"b1|[iu][1248]|f[248]|c(8|16)")
"""Codes of the numpy types that torch has."""
DTYPE_VERSIONS = (3, 4)
PLAIN = (None, None, None, -1, -1, 0)
"""The rest of the state of a numpy type without subarray, names, fields, own size, own alignment and flags."""


class NumberType:
    """Stands for a numpy type of numbers; the byte order follows as its state."""

    __slots__ = ("dtype",)

    def __init__(self, code: str) -> None:
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        version, order, *rest = state
        if version not in DTYPE_VERSIONS or tuple(rest) != PLAIN:
            raise ValueError(f"{self.dtype} with fields, subarrays or flags")
        self.dtype = self.dtype.newbyteorder(order)


class StoredArray:
    """Stands for an array; its values follow as its state."""

    __slots__ = ("asked", "values")

    values: NDArray[Any]
    asked: str
    """The type of values that are no numbers, such as `numpy.dtype.O8`; empty for numbers."""

    def __init__(self, *_: Any) -> None:
        """Does nothing where numpy's own would reserve the memory that the pickle demands."""
        self.asked = ""

    def __setstate__(self, state: tuple[int, Sequence[int], NumberType | StandIn, bool, bytes | str]) -> None:
        _version, shape, number, is_fortran, content = state
        self.fill(content, number, shape, "F" if is_fortran else "C")

    def fill(
        self,
        content: bytes | str,
        number: NumberType | StandIn,
        shape: Sequence[int],
        order: str,
        axes: Sequence[int] | None = None,
    ) -> None:
        """Takes the values in the content, exactly as many as the shape has places."""
        if isinstance(number, StandIn):
            self.asked = number.asked
            return
        content = content.encode("latin1") if isinstance(content, str) else content
        if min(shape, default=0) < 0 or math.prod(shape) * number.dtype.itemsize != len(content):
            raise ContradictionError(f"an array of shape {tuple(shape)} has {len(content)} bytes")
        values = np.frombuffer(content, number.dtype)
        if order == "F":
            self.values = values.reshape(shape, order="F")
        else:
            self.values = values.reshape(shape) if axes is None else values.reshape(shape).transpose(axes)

    def tensor(self) -> Tensor:
        """A copy of the values, in the byte order of this machine."""
        return torch.from_numpy(np.array(self.values, dtype=self.values.dtype.newbyteorder("=")))


def _number_type(code: str, *_: Any) -> NumberType | StandIn:
    return NumberType(code) if NUMBER.fullmatch(code) else StandIn(f"numpy.dtype.{code}")


def _array_of_buffer(*content: Any) -> StoredArray:
    """An array of pickle protocol 5, which comes with its values."""
    array = StoredArray()
    array.fill(*content)
    return array


def _no_array(*_: Any) -> None:
    raise ValueError("the class of arrays is only ever passed on, to `_reconstruct`")


ARRAY_ANSWERS: Mapping[str, Any] = {
    "numpy.ndarray": Answer(_no_array),
    "numpy.dtype": Answer(_number_type),
    # numpy 1 and numpy 2 keep the same functions in different places.
    **{f"numpy.{core}.multiarray._reconstruct": Answer(StoredArray) for core in ("core", "_core")},
    **{f"numpy.{core}.numeric._frombuffer": Answer(_array_of_buffer) for core in ("core", "_core")},
}
"""For `InertUnpickler`."""
