"""Decoding a track past the packets that cannot be decoded, which are counted; too many of them are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from model.data.errors import DataError
from model.prediction.media.container import packets

MOST_DAMAGE = 0.25
"""Largest part of a track that may be undecodable."""
FIRST_JUDGEMENT = 200
"""So many undecodable packets are judged at once; fewer only at the end of the track, which may be better."""


@dataclass
class Damage:
    """What of one track could not be decoded."""

    path: Path
    track: str
    """Which track, for messages: "pictures" or "sound"."""
    start: float = 0.0
    """The track's clock at second 0."""
    packets: int = 0
    undecodable: int = 0
    leading: int = 0
    """Undecodable packets before the first frame; they are not part of the others."""
    patched: int = 0
    """Pictures that were decoded with errors; the decoder fills such places from others."""
    first: float | None = None
    """Second of the first undecodable packet that has a time; decoders at work on several frames are some late."""

    def begin(self) -> None:
        """Sets apart what came before the first frame: a recording may begin between two whole pictures."""
        self.leading, self.packets = self.undecodable, self.packets - self.undecodable
        self.undecodable, self.first = 0, None

    def add(self, time: float | None) -> None:
        """Counts one more.

        Args:
            time: of the packet on the track's clock, if it has one.

        Raises:
            DataError: there are too many.
        """
        self.undecodable += 1
        if self.first is None and time is not None:
            self.first = max(0.0, time - self.start)
        if self.undecodable >= FIRST_JUDGEMENT:
            self.judge()

    def judge(self) -> None:
        """Refuses a track of which too large a part is lost.

        Raises:
            DataError: more of its packets than `MOST_DAMAGE` allows cannot be decoded.
        """
        if self.undecodable > MOST_DAMAGE * self.packets:
            raise DataError(f"{self.path} is too damaged: {self.sentence()}; download it again, or cut that part out")

    def sentence(self) -> str:
        """How much is damaged, and from where on."""
        where = "" if self.first is None else f", the first near second {self.first:.1f}"
        return f"{self.undecodable} of {self.packets} packets of the {self.track} cannot be decoded{where}"


def decoded(container: InputContainer, stream: VideoStream | AudioStream, damage: Damage) -> Iterator[Any]:
    """The frames of a track; packets that cannot be decoded are passed over.

    Args:
        container: at its beginning.
        stream: the track.
        damage: what is passed over is counted here.

    Raises:
        DataError: more is passed over than `MOST_DAMAGE` allows.
    """
    begun = False
    for packet in packets(container, stream):
        damage.packets += packet.size > 0  # the last ones are empty and fetch what the decoder holds back
        try:
            frames = packet.decode()
        except av.FFmpegError:
            damage.add(None if packet.pts is None else float(packet.pts * packet.time_base))
            continue
        for frame in frames:
            if not begun:
                damage.begin()
                begun = True
            damage.patched += frame.is_corrupt
            yield frame
    damage.judge()
