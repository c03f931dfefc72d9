"""Videos that are out of the ordinary in one way each, made from those of `videos`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from videos import picture_at

RATE = 16_000
SIZE = (96, 64)


def tone(seconds: float, hertz: float = 440, sides: Sequence[float] = (1, 1)) -> np.ndarray:
    """A sine on both channels, each by its own factor, (2, n) at `RATE`."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (np.array(sides)[:, None] * 0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def write_tracks(
    path: Path,
    pictures: Sequence[tuple[tuple[int, int], Sequence[float]]],
    sounds: Sequence[np.ndarray],
    defaults: Sequence[int] = (),
    aspect: Fraction = Fraction(1),
    audio_codec: str = "pcm_s16le",
) -> Path:
    """Writes tracks of pictures, each a size and the times of its frames, and of sound, (2, n) at `RATE`.

    `defaults` are the streams that the file marks as such, all others not; pictures come first.
    """
    with av.open(str(path), "w") as container:
        videos = [container.add_stream("libx264", rate=25, options={"crf": "12", "bf": "0"}) for _ in pictures]
        audios = [container.add_stream(audio_codec, rate=RATE, layout="stereo") for _ in sounds]
        for stream, (size, _) in zip(videos, pictures, strict=True):
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            stream.codec_context.sample_aspect_ratio = aspect
        for index, stream in enumerate([*videos, *audios]):
            if defaults:
                stream.disposition = av.stream.Disposition.default if index in defaults else av.stream.Disposition(0)
        for stream, samples in zip(audios, sounds, strict=True):
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            frame.sample_rate = RATE
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        for stream, (size, times) in zip(videos, pictures, strict=True):
            for time in times:
                frame = av.VideoFrame.from_ndarray(picture_at(time, size))
                frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


def at_25(seconds: float) -> list[float]:
    """Times of frames."""
    return [index / 25 for index in range(round(seconds * 25))]


def turned(source: Path, target: Path, degrees: float, mirrored: bool = False) -> Path:
    """The same file with another display matrix."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        tracks = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        tracks[old.streams.video[0].index].set_display_rotation(degrees, hflip=mirrored)
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = tracks[packet.stream.index]
                new.mux(packet)
    return target


def spoiled(source: Path, target: Path, kind: str, every: int, until: int | None = None) -> Path:
    """The same file, of which one of so many packets of a kind, the first `until` ones, holds noise instead."""
    noise = np.random.default_rng(0)
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        tracks = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        seen = 0
        for packet in old.demux():
            if packet.dts is None:
                continue
            kept = packet
            if packet.stream.type == kind:
                seen += 1
                if seen % every == 0 and (until is None or seen <= until):
                    kept = av.Packet(b"\xff" * 8 + noise.bytes(max(8, packet.size - 8)))
                    kept.pts, kept.dts, kept.time_base = packet.pts, packet.dts, packet.time_base
            kept.stream = tracks[packet.stream.index]
            new.mux(kept)
    return target
