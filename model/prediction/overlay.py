"""Writing the whole video anew with the mask of every second laid over it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from model.prediction.layer import Layer
from model.prediction.media.frames import frames_and_stills
from model.prediction.media.sound import Piece, sound_pieces
from model.prediction.media.video import Frame, Video

SOUND_RATE = 48_000
CLOCK = 90_000
"""Ticks per second of the frames' times, fine enough for any frame rate."""
ROUNDING = 1e-6
"""Parts. Times are multiples of fractions that are not exact."""
BT709 = 1
"""FFmpeg's number of the colour matrix that the file names, so that no player has to guess one."""


def write_overlay(
    path: Path, video: Video, layer_of: Callable[[int], Layer | None], on_part: Callable[[int], None], rate: int = 1
) -> None:
    """Encodes every frame at its own time as H.264, and the sound as AAC, into an MP4 file.

    A frame that stands through several parts is written once for each. Pixels keep their aspect. Sound that begins
    after the last picture is left out. Pictures with an odd number of rows or columns lose the last one: H.264 with
    colours at half resolution has none.

    Args:
        path: of the new file.
        video: source of pictures and sound.
        layer_of: the mask of a part of a second, asked for once; None leaves the part as it is.
        on_part: called with the number of every part once it is reached.
        rate: how many parts a second has.

    Raises:
        DataError: the video is damaged.
        OSError: the file cannot be written.
    """
    with av.open(str(path), "w", format="mp4") as container:
        pictures = _picture_stream(container, video)
        track = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        sound = sound_pieces(video.sound, "fltp", "stereo", SOUND_RATE)
        samples = next(sound, None)
        reached, layer = -1, None
        for frame in frames_and_stills(video, rate):
            if (part := int(frame.time * rate + ROUNDING)) != reached:
                reached = part
                layer = layer_of(reached)
                on_part(reached)
            # In step with the pictures, so that the writer has to hold back neither.
            end = frame.time + video.frame_seconds
            while samples is not None and samples.start < end * SOUND_RATE:
                container.mux(track.encode(_audible(samples)))
                samples = next(sound, None)
            container.mux(pictures.encode(_encodable(frame, layer)))
        container.mux(pictures.encode(None))
        container.mux(track.encode(None))


def _picture_stream(container: OutputContainer, video: Video) -> VideoStream:
    stream = container.add_stream("libx264", rate=video.frame_rate)
    stream.width, stream.height = video.width // 2 * 2, video.height // 2 * 2
    stream.pix_fmt = "yuv420p"
    stream.codec_context.sample_aspect_ratio = video.pixel_aspect
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


def _audible(piece: Piece) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece.samples), "fltp", "stereo")
    frame.sample_rate = SOUND_RATE
    frame.pts = piece.start
    frame.time_base = Fraction(1, SOUND_RATE)
    return frame
