"""Maximum and minimum filters of pictures, by NumPy alone: SciPy takes longer to import than to compute."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Value = TypeVar("Value", np.uint8, np.bool_)


def maximum_filter(values: NDArray[Value], reach: int) -> NDArray[Value]:
    """The highest value at most `reach` pixels away along both axes, (..., H, W)."""
    return _picked(np.maximum, values, reach, "edge")


def minimum_filter(values: NDArray[Value], reach: int, *, zero_outside: bool = False) -> NDArray[Value]:
    """The lowest value at most `reach` pixels away along both axes, (..., H, W).

    Args:
        values: (..., H, W).
        reach: in pixels.
        zero_outside: whether there are zeros around the picture.
    """
    return _picked(np.minimum, values, reach, "constant" if zero_outside else "edge")


def _picked(pick: np.ufunc, values: NDArray[Value], reach: int, outside: Literal["edge", "constant"]) -> NDArray[Value]:
    found: NDArray[Any] = values
    for axis in (-2, -1):
        margins = [(0, 0)] * values.ndim
        margins[axis] = (reach, reach)
        windows = sliding_window_view(np.pad(found, margins, mode=outside), 2 * reach + 1, axis=axis)
        found = pick.reduce(np.moveaxis(windows, -1, 0), axis=0)
    return found
