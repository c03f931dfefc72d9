"""Video files: every frame in order, and the frame that stands for each second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from numpy.typing import NDArray

from model.data.errors import DataError

FRAME_INSTANT = 15 / 16
"""Which moment of a second its frame shows: AVSBench takes frame floor(15/16 f) of the f of a second."""
LONGEST_STILL = 10.0
"""Seconds. A frame that is shown for longer is a fault of the file's clock, which may leap by days."""
LONGEST_WAY_BACK = 2.0
"""Seconds. Some files give frames the times of decoding, in which the clock runs back by some frames, never by more."""
CLOCK_GRAIN = 0.001
"""Seconds. Some containers round the times of frames to milliseconds."""
TEXT = "tty"
"""The format that FFmpeg sees in a text file."""


@dataclass(frozen=True)
class Video:
    """A file with moving pictures and sound that has been seen to play for a second."""

    path: Path
    width: int
    """Pixels, as shown: phones store upright videos lying."""
    height: int
    frame_rate: Fraction
    """Mean, frames per second."""
    start: float
    """When the file's clock shows its first frame, seconds. All other times count from there."""
    expected_seconds: int | None
    """Whole seconds as the file states them, which may be wrong or missing."""

    @property
    def frame_seconds(self) -> float:
        """Mean time from frame to frame."""
        return min(1 / float(self.frame_rate), LONGEST_STILL)


@dataclass(frozen=True, eq=False)
class Frame:
    """A decoded frame that is turned into pixels only where they are wanted."""

    time: float
    """Seconds since the first frame."""
    decoded: av.VideoFrame

    def rgb(self) -> NDArray[np.uint8]:
        """Pixels as shown, uint8 (H, W, 3)."""
        pixels = self.decoded.to_ndarray(format="rgb24")
        return np.ascontiguousarray(np.rot90(pixels, self.decoded.rotation // 90)).astype(np.uint8, copy=False)


def open_video(path: Path) -> Video:
    """Looks into a file and decodes its first second.

    Raises:
        DataError: the file is missing or no video, has no pictures or no sound, or is shorter than a second.
    """
    with opened(path) as container:
        stream = picture_stream(container)
        if stream is None:
            raise DataError(f"{path} holds no moving pictures: name a video file")
        if not container.streams.audio:
            raise DataError(f"{path} has no sound: an audio-visual model needs some, name a video with sound")
        first = next(container.decode(stream), None)
        if first is None:
            raise DataError(f"{path} holds no frame: name another video")
        width, height = _shown_size(first)
        video = Video(
            path=path,
            width=width,
            height=height,
            frame_rate=stream.average_rate or stream.guessed_rate or Fraction(25),
            start=first.time or 0.0,
            expected_seconds=_expected_seconds(container, stream),
        )
    if next(frame_of_each_second(video), None) is None:
        raise DataError(f"{path} is shorter than one second: one frame per second is segmented, name a longer video")
    return video


def frames(video: Video) -> Iterator[Frame]:
    """Every frame in the order of showing.

    Raises:
        DataError: the file is damaged, its clock leaps, or its pictures change their size.
    """
    with opened(video.path) as container:
        stream = picture_stream(container)
        assert stream is not None  # open_video has seen it
        stream.thread_type = "AUTO"
        step = video.frame_seconds
        previous, clock = -step, 0.0
        for decoded in container.decode(stream):
            _check_size(video, decoded, previous + step)
            time = previous if decoded.time is None else decoded.time - video.start
            if decoded.time is not None:
                _check_clock(video, clock, time)
                clock = time
            # Some files give frames no time, or one that runs backwards; their order is right all the same.
            previous = time if time > previous else previous + step
            yield Frame(previous, decoded)


def frame_of_each_second(video: Video) -> Iterator[Frame]:
    """The frame that is shown 15/16 into each second, as long as the video lasts that long.

    Raises:
        DataError: the file is damaged.
    """
    second = 0
    shown: Frame | None = None
    for frame in frames(video):
        while shown is not None and frame.time > second + FRAME_INSTANT + CLOCK_GRAIN:
            yield shown
            second += 1
        shown = frame
    end = 0.0 if shown is None else shown.time + video.frame_seconds
    while shown is not None and end > second + FRAME_INSTANT + CLOCK_GRAIN:
        yield shown
        second += 1


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """A media file, with a sentence for whatever is wrong with it.

    Raises:
        DataError: the file is missing, no media file, or damaged.
    """
    if not path.is_file():
        raise DataError(f"{path} is {'a folder' if path.is_dir() else 'missing'}: name a video file")
    try:
        # The prefix keeps a colon in the name from being read as a protocol.
        with av.open(f"file:{path}") as container:
            if container.format.name == TEXT:
                raise DataError(f"{path} is a text file: name a video file")
            yield container
    except av.FFmpegError as error:
        raise DataError(f"{path} cannot be read as a video ({error.strerror}): replace it, or convert it") from None


def picture_stream(container: InputContainer) -> VideoStream | None:
    """The first stream of moving pictures; the cover of an album is none."""
    moving = (stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic)
    return next(moving, None)


def _shown_size(frame: av.VideoFrame) -> tuple[int, int]:
    """Width and height once the frame stands upright."""
    return (frame.height, frame.width) if frame.rotation % 180 else (frame.width, frame.height)


def _check_size(video: Video, frame: av.VideoFrame, time: float) -> None:
    width, height = _shown_size(frame)
    if (width, height) != (video.width, video.height):
        raise DataError(
            f"{video.path} changes its size from {video.width} x {video.height} to {width} x {height} at second "
            f"{time:.1f}: convert it to one size, or cut it there"
        )


def _check_clock(video: Video, before: float, now: float) -> None:
    if not -LONGEST_WAY_BACK <= now - before <= LONGEST_STILL:
        raise DataError(f"{video.path} leaps from second {before:.1f} to second {now:.1f}: convert it, or cut it there")


def _expected_seconds(container: InputContainer, stream: VideoStream) -> int | None:
    if stream.duration is not None and stream.time_base is not None:
        duration = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        duration = container.duration / av.time_base
    else:
        return None
    return max(1, int(duration + 1 - FRAME_INSTANT))
