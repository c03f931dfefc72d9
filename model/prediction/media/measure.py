"""Pictures and videos are measured before they are decoded: a file of some kilobytes can ask for all memory."""

from __future__ import annotations

from pathlib import Path

from model.data.errors import DataError

LARGEST_PICTURE = 2**25
"""Pixels; 7680 x 4320 is below it."""
LARGEST_VIDEO = 2 * 10**13
"""Pixels of all frames together; a day of 3840 x 2160 at 25 frames per second is below it."""


def require_sane_size(path: Path, width: int, height: int, frames: int = 1) -> None:
    """Refuses what is larger than anything that is filmed.

    Args:
        path: of the file, for messages.
        width: of every picture, pixels.
        height: of every picture, pixels.
        frames: how many pictures there are.

    Raises:
        DataError: one picture, or all of them together, have too many pixels.
    """
    if width * height > LARGEST_PICTURE:
        raise DataError(
            f"{path} has pictures of {width} x {height} pixels, more than {LARGEST_PICTURE:,}: make them smaller first"
        )
    if width * height * frames > LARGEST_VIDEO:
        raise DataError(
            f"{path} holds {frames:,} pictures of {width} x {height} pixels, more than can be segmented: cut it"
        )
