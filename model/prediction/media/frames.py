"""The frames of a video: every one in order, and those that stand for each second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from model.data.errors import DataError
from model.prediction.media.container import opened
from model.prediction.media.damage import Damage, decoded
from model.prediction.media.orientation import orientation_of
from model.prediction.media.picture_folder import pictures
from model.prediction.media.video import LONGEST_STILL, Frame, Video

FRAME_INSTANT = 15 / 16
"""Which moment of a second its frame shows: AVSBench takes frame floor(15/16 f) of the f of a second."""
LONGEST_WAY_BACK = 2.0
"""Seconds. Some files give frames the times of decoding, in which the clock runs back by some frames, never by more."""
CLOCK_GRAIN = 0.001
"""Seconds. Some containers round the times of frames to milliseconds."""


def frames(video: Video, damage: Damage | None = None) -> Iterator[Frame]:
    """Every frame in the order of showing.

    Args:
        video: to be decoded.
        damage: of its pictures, counted here.

    Raises:
        DataError: too much of the file is damaged, its clock leaps, or its pictures change their size.
    """
    step = video.frame_seconds
    previous, clock = -step, 0.0
    for time, frame in _timed(video, damage or picture_damage(video)):
        _check_size(video, frame, previous + step)
        if time is not None:
            _check_clock(video, clock, time)
            clock = time
        # Some files give frames no time, or one that runs backwards; their order is right all the same.
        previous = time if time is not None and time > previous else previous + step
        yield replace(frame, time=previous)


def picture_damage(video: Video) -> Damage:
    """Nothing counted as yet."""
    return Damage(video.path, "pictures", video.start)


def frame_of_each_part(video: Video, rate: int = 1, damage: Damage | None = None) -> Iterator[Frame]:
    """The frame that is shown 15/16 into each part of a second, as long as the video lasts that long.

    Args:
        video: to be decoded.
        rate: parts of each second.
        damage: of its pictures, counted here.

    Raises:
        DataError: as `frames`.
    """
    part = 0
    shown: Frame | None = None

    def instant() -> float:
        return (part + FRAME_INSTANT) / rate + CLOCK_GRAIN

    for frame in frames(video, damage):
        while shown is not None and frame.time > instant():
            yield shown
            part += 1
        shown = frame
    while shown is not None and pictures_end(video, shown) > instant():
        yield shown
        part += 1


def frames_and_stills(video: Video, rate: int = 1) -> Iterator[Frame]:
    """Every frame, and a still again in each part of a second that it lasts, and at its very end.

    Args:
        video: to be decoded.
        rate: parts of each second.

    Raises:
        DataError: as `frames`.
    """
    shown: Frame | None = None
    for frame in chain(frames(video), [None]):
        if shown is not None:
            end = pictures_end(video, shown) if frame is None else frame.time
            yield from _again(shown, end, rate, video.frame_seconds if frame is None else 0)
        if frame is not None:
            yield frame
        shown = frame


def pictures_end(video: Video, last: Frame) -> float:
    """When the last frame ceases to be shown, seconds: of slides, the last one stands until the sound has ended."""
    end = last.time + video.frame_seconds
    return max(end, video.sound_survey.end) if video.survey.shows_slides else end


def _again(still: Frame, end: float, rate: int, last: float) -> Iterator[Frame]:
    if end - still.time <= 1 / rate + CLOCK_GRAIN:
        return
    part = int(still.time * rate + CLOCK_GRAIN) + 1
    while part / rate < end - last - CLOCK_GRAIN:
        yield replace(still, time=part / rate)
        part += 1
    if last:
        yield replace(still, time=end - last)


def _timed(video: Video, damage: Damage) -> Iterator[tuple[float | None, Frame]]:
    """Frames with the times that the file gives them."""
    if video.track is None:
        for index, frame in enumerate(pictures(video.path)):
            yield float(index / video.frame_rate), frame
        return
    with opened(video.path) as container:
        stream = container.streams.video[video.track.place]
        stream.thread_type = "AUTO"
        for frame in decoded(container, stream, damage):
            time = None if frame.time is None else frame.time - video.start
            yield time, Frame(0.0, frame, orientation_of(frame, video.path))


def _check_size(video: Video, frame: Frame, time: float) -> None:
    width, height = frame.orientation.size(frame.decoded.width, frame.decoded.height)
    if (width, height) != (video.width, video.height):
        raise DataError(
            f"{video.path} changes its size from {video.width} x {video.height} to {width} x {height} at second "
            f"{time:.1f}: convert it to one size, or cut it there"
        )


def _check_clock(video: Video, before: float, now: float) -> None:
    """A still is as long as it likes to be while the sound goes on."""
    ahead = now - before
    if ahead < -LONGEST_WAY_BACK or (ahead > LONGEST_STILL and not video.sound_survey.goes_on(before, now)):
        raise DataError(f"{video.path} leaps from second {before:.1f} to second {now:.1f}: convert it, or cut it there")
