"""Writing the whole video anew with the mask of every second laid over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from model.prediction.layer import Layer
from model.prediction.video import Frame, Video, frames, opened

SOUND_RATE = 48_000
CLOCK = 90_000
"""Ticks per second of the frames' times, fine enough for any frame rate."""
BT709 = 1
"""FFmpeg's number of the colour matrix that the file names, so that no player has to guess one."""


def write_overlay(
    path: Path, video: Video, layer_of: Callable[[int], Layer | None], on_second: Callable[[int], None]
) -> None:
    """Encodes every frame at its own time as H.264, and the sound as AAC, into an MP4 file.

    Pictures with an odd number of rows or columns lose the last one: H.264 with colours at half resolution has none.

    Args:
        path: of the new file.
        video: source of pictures and sound.
        layer_of: the mask of a second, asked for once; None leaves the second as it is.
        on_second: called with the number of every second once it is reached.

    Raises:
        DataError: the video is damaged.
        OSError: the file cannot be written.
    """
    with av.open(str(path), "w", format="mp4") as container:
        pictures = _picture_stream(container, video)
        track = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        sound = _sound(video)
        heard = next(sound, None)
        reached, layer = -1, None
        for frame in frames(video):
            if int(frame.time) != reached:
                reached = int(frame.time)
                layer = layer_of(reached)
                on_second(reached)
            # In step with the pictures, so that the writer has to hold back neither.
            while heard is not None and heard[0] <= frame.time:
                container.mux(track.encode(heard[1]))
                heard = next(sound, None)
            container.mux(pictures.encode(_encodable(frame, layer)))
        while heard is not None:
            container.mux(track.encode(heard[1]))
            heard = next(sound, None)
        container.mux(pictures.encode(None))
        container.mux(track.encode(None))


def _picture_stream(container: OutputContainer, video: Video) -> VideoStream:
    stream = container.add_stream("libx264", rate=video.frame_rate)
    stream.width, stream.height = video.width // 2 * 2, video.height // 2 * 2
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, CLOCK)
    stream.codec_context.colorspace = BT709
    return stream


def _encodable(frame: Frame, layer: Layer | None) -> av.VideoFrame:
    pixels = frame.rgb() if layer is None else layer.over(frame.rgb())
    height, width = pixels.shape[:2]
    even = np.ascontiguousarray(pixels[: height // 2 * 2, : width // 2 * 2])
    encodable = av.VideoFrame.from_ndarray(even).reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
    encodable.pts = round(frame.time * CLOCK)
    encodable.time_base = Fraction(1, CLOCK)
    return encodable


def _sound(video: Video) -> Iterator[tuple[float, AudioFrame]]:
    """Decoded sound with its time since the video's first frame; what was heard before that is left out."""
    with opened(video.path) as container:
        for decoded in container.decode(container.streams.audio[0]):
            time = (decoded.time or 0.0) - video.start
            if time >= 0 and decoded.pts is not None and decoded.time_base is not None:
                decoded.pts = round(time / decoded.time_base)
                yield time, decoded
