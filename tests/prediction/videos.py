"""Videos with sound, made for the tests: a disc that crosses a background, and a tone that changes every second."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

NOTES = (220, 440, 880, 330, 660)
"""Hertz, second by second."""


def write_video(
    path: Path,
    seconds: float,
    size: tuple[int, int] = (96, 64),
    rate: int | Fraction = 25,
    sound_rate: int | None = 44_100,
    rotation: int = 0,
    layout: str = "stereo",
    codec: str = "aac",
    options: dict[str, str] | None = None,
) -> Path:
    """Writes H.264 and, unless told otherwise, stereo AAC; without a sound rate there is no sound."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=rate, options={"crf": "12", **(options or {})})
        pictures.width, pictures.height, pictures.pix_fmt = *size, "yuv420p"
        if rotation:
            pictures.set_display_rotation(rotation)
        track = container.add_stream(codec, rate=sound_rate, layout=layout) if sound_rate else None
        for index in range(round(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(picture_at(float(index / rate), size))
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if track is not None:
            frame = av.AudioFrame.from_ndarray(_stereo_tone(seconds, sound_rate), format="fltp", layout="stereo")
            frame.sample_rate = sound_rate
            container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def picture_at(time: float, size: tuple[int, int]) -> np.ndarray:
    """The frame at a time, (H, W, 3): its upper left corner shows the tenth of the second as a grey."""
    width, height = size
    y, x = np.ogrid[:height, :width]
    picture = np.empty((height, width, 3), np.uint8)
    picture[..., 0] = 40 + 100 * x / width
    picture[..., 1] = 60 + 100 * y / height
    picture[..., 2] = 120
    disc = np.hypot(x - width * (0.2 + 0.08 * time), y - height * 0.5) < height * 0.3
    picture[disc] = (220, 40, 60)
    picture[: height // 4, : width // 4] = grey_of(time)
    return picture


def grey_of(time: float) -> int:
    """Tells seconds and tenths apart that are less than ten seconds from the start; later ones are all white."""
    return min(16 + 2 * int(time * 10 + 1e-6), 255)


def _stereo_tone(seconds: float, rate: int) -> np.ndarray:
    """The left channel only, so that mixing shows."""
    time = np.arange(round(seconds * rate)) / rate
    notes = np.array(NOTES)[time.astype(int) % len(NOTES)]
    left = 0.5 * np.sin(2 * np.pi * notes * time)
    return np.stack([left, np.zeros_like(left)]).astype(np.float32)


def remuxed(
    source: Path,
    target: Path,
    kinds: tuple[str, ...] = ("video", "audio"),
    at: float = 0,
    by: float = 0,
    rotation: int = 0,
) -> Path:
    """Copies a file, with the clock of some streams put forward by some seconds from a moment on, or to be turned.

    The pictures stay the same bit by bit; encoded anew they would not each time.
    """
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        tracks = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        if rotation:
            tracks[old.streams.video[0].index].set_display_rotation(rotation)
        late = set()
        for packet in old.demux():
            if packet.pts is None:
                continue
            if packet.stream.type in kinds and packet.pts * packet.time_base >= at:
                late.add(packet.stream.index)
            if packet.stream.index in late:
                packet.pts += round(by / packet.time_base)
                packet.dts = None if packet.dts is None else packet.dts + round(by / packet.time_base)
            packet.stream = tracks[packet.stream.index]
            new.mux(packet)
    return target


def joined(first: Path, second: Path, target: Path) -> Path:
    """Two transport streams, one after the other."""
    target.write_bytes(first.read_bytes() + second.read_bytes())
    return target
