"""How stored pictures are to be held: the display matrix of the file, whole, with its mirrors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.sidedata.sidedata import SideData, Type
from numpy.typing import NDArray

from model.data.errors import DataError

TOLERANCE = 1.0
"""Degrees. Some quarter turns are stored with an error; FFmpeg takes these for exact ones, too."""

WORDS = {
    (False, False, False): "as stored",
    (False, True, False): "mirrored left to right",
    (False, False, True): "mirrored top to bottom",
    (False, True, True): "turned by 180 degrees",
    (True, True, False): "turned by 90 degrees to the right",
    (True, False, True): "turned by 90 degrees to the left",
    (True, False, False): "mirrored across the diagonal that falls",
    (True, True, True): "mirrored across the diagonal that rises",
}


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways to hold a picture: rows and columns exchanged, then mirrored."""

    transposed: bool = False
    mirrored: bool = False
    """Left and right are exchanged."""
    upside_down: bool = False
    """Top and bottom are exchanged."""

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height once a picture of that size stands upright."""
        return (height, width) if self.transposed else (width, height)

    def upright(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Pixels (H, W, 3) as shown."""
        shown = pixels.swapaxes(0, 1) if self.transposed else pixels
        shown = shown[:, ::-1] if self.mirrored else shown
        return np.ascontiguousarray(shown[::-1] if self.upside_down else shown)

    def __str__(self) -> str:
        return WORDS[self.transposed, self.mirrored, self.upside_down]


def orientation_of(frame: av.VideoFrame, path: Path) -> Orientation:
    """What the frame's display matrix asks for.

    Args:
        frame: as decoded.
        path: of the file, for messages.

    Raises:
        DataError: the frame is to be shown at an angle that is no quarter turn.
    """
    matrix = cast("Mapping[Type, SideData]", frame.side_data).get(Type.DISPLAYMATRIX)
    if matrix is None:
        return Orientation()
    # Where the matrix takes the picture's axes, which point right and down: one column each.
    taken = np.frombuffer(bytes(matrix), dtype=np.int32).reshape(3, 3)[:2, :2].T.astype(np.float64)
    lengths = np.hypot(*taken)
    if not lengths.all():
        return Orientation()  # it says nothing: FFmpeg leaves such pictures as they are
    axes = taken / lengths
    nearest = np.rint(axes)
    if (np.abs(axes - nearest) > math.sin(math.radians(TOLERANCE))).any() or abs(np.linalg.det(nearest)) != 1:
        angle = math.degrees(math.atan2(axes[1, 0], axes[0, 0]))
        side = "right" if angle > 0 else "left"
        raise DataError(
            f"{path} asks to be shown turned by {abs(angle):.1f} degrees to the {side}: only quarter turns and "
            "mirrors are applied, convert it (ffmpeg turns the pictures as it does so)"
        )
    across, down = nearest.sum(axis=1)
    return Orientation(transposed=nearest[0, 0] == 0, mirrored=across < 0, upside_down=down < 0)
