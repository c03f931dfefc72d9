"""What a file holds, found by reading its packets without decoding them; what it states may be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer

from model.data.errors import DataError
from model.prediction.media.container import packets
from model.prediction.media.damage import MOST_DAMAGE
from model.prediction.media.tracks import Track

SHORTER = 0.25
"""Seconds by which a file may be shorter than it states before a word is said."""
UNREAD = 0.1
"""Part of a file's bytes behind its last packet that is no longer an index or a trailer."""


@dataclass(frozen=True)
class Survey:
    """A file as its packets show it. Seconds count from the earliest packet."""

    pictures: int
    """Packets of the chosen track, each of which is a frame or half of one."""
    picture_gap: float
    """Mean seconds from picture to picture, 0 if there is one only."""
    held_seconds: float
    """End of the last packet of any track."""
    stated_seconds: float | None
    unread: float = 0.0
    """Part of the file's bytes that lie behind its last packet."""

    @property
    def ends_early(self) -> bool:
        """Whether the file is shorter than it states."""
        return self.stated_seconds is not None and self.stated_seconds - self.held_seconds > SHORTER

    @property
    def shows_slides(self) -> bool:
        """Whether the pictures stand for so long that the last one, too, stands until the sound has ended."""
        return self.pictures == 1 or self.picture_gap > 1


def survey(container: InputContainer, path: Path, track: Track) -> Survey:
    """Reads a file to its end.

    Args:
        container: at its beginning; afterwards at its end.
        path: its name, for messages.
        track: of its pictures.

    Raises:
        DataError: a large part of the file is there, but cannot be read.
    """
    pictures, first, last = 0, float("inf"), 0.0
    begin, end, last_byte = float("inf"), 0.0, 0
    for packet in packets(container):
        if not packet.size or packet.pts is None:
            continue
        time = float(packet.pts * packet.time_base)
        if packet.stream_index == track.index:
            pictures, first, last = pictures + 1, min(first, time), max(last, time)
        begin = min(begin, time)
        end = max(end, time + float((packet.duration or 0) * packet.time_base))
        last_byte = max(last_byte, (packet.pos or 0) + packet.size)
    found = Survey(
        pictures=pictures,
        picture_gap=(last - first) / (pictures - 1) if pictures > 1 else 0.0,
        held_seconds=max(0.0, end - begin),
        stated_seconds=None if container.duration is None else container.duration / av.time_base,
        unread=1 - last_byte / container.size if last_byte and container.size > 0 else 0.0,
    )
    _require_readable(found, path)
    return found


def _require_readable(found: Survey, path: Path) -> None:
    """A file that was cut off ends with its last packet; in one with a hole, bytes follow that nobody can read."""
    if not found.ends_early or found.unread < UNREAD:
        return
    assert found.stated_seconds is not None  # or it would not end early
    if found.stated_seconds - found.held_seconds > MOST_DAMAGE * found.stated_seconds:
        raise DataError(
            f"{path} is too damaged: of {found.stated_seconds:.1f} s neither pictures nor sound can be read from "
            f"second {found.held_seconds:.1f} on; download it again, or cut that part out"
        )
