"""The one way in: a file, or a folder of pictures, is looked through and becomes a video that can be segmented."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from model.data.errors import DataError
from model.prediction.media.container import opened
from model.prediction.media.damage import Damage, decoded
from model.prediction.media.frames import frame_of_each_part
from model.prediction.media.measure import require_sane_size
from model.prediction.media.orientation import orientation_of
from model.prediction.media.picture_folder import picture_files, pictures
from model.prediction.media.sound import Sound
from model.prediction.media.sound_survey import survey_sound
from model.prediction.media.survey import Survey, survey
from model.prediction.media.tracks import Track, picture_track, sound_track
from model.prediction.media.video import Frame, Video

WIDEST_PIXEL = 10
"""Largest ratio of a pixel's sides that is believed; others are a fault of the file."""


@dataclass(frozen=True)
class Choice:
    """What is taken of a file, where it is not left to the file."""

    video_track: int | None = None
    """From 1."""
    audio_track: int | None = None
    """From 1; of `sound` if that is given."""
    sound: Path | None = None
    """A file whose sound is used instead; it begins with the first frame."""
    frame_rate: Fraction | None = None
    """Pictures per second of a folder of pictures, which does not state it."""


AS_THE_FILE_SAYS = Choice()


@dataclass(frozen=True)
class _Look:
    """The pictures at a first look."""

    frame: Frame
    rate: Fraction
    pixel_aspect: Fraction
    start: float
    track: Track | None
    survey: Survey


def open_video(path: Path, choice: Choice = AS_THE_FILE_SAYS) -> Video:
    """Measures a video, reads it through, decodes all of its sound and its first second.

    Args:
        path: a video file, or a folder of pictures.
        choice: of tracks, and what the file does not say.

    Raises:
        DataError: the file is missing, no video, or too damaged or large; it has no pictures or no sound, is shorter
            than a second, or does not have what was chosen.
    """
    look = _look_at_folder(path, choice) if path.is_dir() else _look_at_file(path, choice)
    sound = _sound(path, choice, look)
    width, height = look.frame.orientation.size(look.frame.decoded.width, look.frame.decoded.height)
    video = Video(
        path=path,
        width=width,
        height=height,
        pixel_aspect=1 / look.pixel_aspect if look.frame.orientation.transposed else look.pixel_aspect,
        orientation=look.frame.orientation,
        frame_rate=look.rate,
        start=look.start,
        track=look.track,
        survey=look.survey,
        sound=sound,
        sound_survey=survey_sound(sound),
    )
    if next(frame_of_each_part(video), None) is None:
        raise DataError(_too_short(video))
    return video


def _look_at_file(path: Path, choice: Choice) -> _Look:
    if choice.frame_rate is not None:
        raise DataError(f"{path} is no folder of pictures and has a frame rate of its own: leave --frame-rate away")
    with opened(path) as container:
        track = picture_track(container, path, choice.video_track)
        stream = container.streams.video[track.place]
        require_sane_size(path, stream.width, stream.height)
        first: av.VideoFrame | None = next(decoded(container, stream, Damage(path, "pictures")), None)
        if first is None:
            raise DataError(f"{path} holds no picture that can be decoded: download it again, or name another video")
        aspect = stream.sample_aspect_ratio or Fraction(1)
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    with opened(path) as container:
        found = survey(container, path, track)
    require_sane_size(path, first.width, first.height, found.pictures)
    return _Look(
        frame=Frame(0.0, first, orientation_of(first, path)),
        rate=rate,
        pixel_aspect=aspect if 1 / WIDEST_PIXEL <= aspect <= WIDEST_PIXEL else Fraction(1),
        start=first.time or 0.0,
        track=track,
        survey=found,
    )


def _look_at_folder(path: Path, choice: Choice) -> _Look:
    if choice.frame_rate is None or choice.sound is None:
        raise DataError(
            f"{path} is a folder: name a video file; or, of a folder of pictures, how many there are in a second with "
            "--frame-rate, and the file of their sound with --sound"
        )
    if choice.video_track is not None:
        raise DataError(f"--video-track {choice.video_track}: {path} is a folder of pictures, leave it away")
    count, first = len(picture_files(path)), next(pictures(path))
    require_sane_size(path, first.decoded.width, first.decoded.height, count)
    gap = float(1 / choice.frame_rate)
    seen = Survey(pictures=count, picture_gap=gap, held_seconds=count * gap, stated_seconds=None)
    return _Look(first, choice.frame_rate, Fraction(1), 0.0, None, seen)


def _sound(path: Path, choice: Choice, look: _Look) -> Sound:
    if choice.sound is None:
        with opened(path) as container:
            return Sound(path, sound_track(container, path, choice.audio_track, look.track), look.start)
    with opened(choice.sound, "sound") as container:
        track = sound_track(container, choice.sound, choice.audio_track, None)
        stream = container.streams.audio[track.place]
        start = 0.0 if stream.start_time is None else float(stream.start_time * (stream.time_base or 0))
        return Sound(choice.sound, track, start)


def _too_short(video: Video) -> str:
    remedy = "one frame per second is segmented, name a longer video"
    if video.sound_survey.end < 1:
        return f"{video.path} is shorter than one second: {remedy}"
    return (
        f"the pictures of {video.path} end before its first second has passed, its sound after "
        f"{video.sound_survey.end:.1f} s: {remedy}"
    )
