"""Which video and audio tracks of a file are used: those asked for, or else those that players choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from model.data.errors import DataError


@dataclass(frozen=True)
class Track:
    """One of the tracks of its kind in a file."""

    index: int
    """Among all streams of the file, from 0."""
    place: int
    """Among those of its medium, from 0."""
    number: int
    """Among those that can be asked for, from 1."""
    of: int
    """How many there are of its kind."""
    content: str
    """Codec, language, title and size or channels, as far as they are known."""


def picture_track(container: InputContainer, path: Path, number: int | None) -> Track:
    """The pictures of a file; the cover of an album is no track of pictures.

    Args:
        container: the file.
        path: its name, for messages.
        number: of the track, from 1; None takes the one that the file marks as default, or else the best.

    Raises:
        DataError: there are no moving pictures, no such track, or no decoder for it.
    """
    moving = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not moving:
        raise DataError(f"{path} holds no moving pictures: name a video file")
    return _chosen(moving, container.streams.video, container.streams.best("video"), path, number)


def sound_track(container: InputContainer, path: Path, number: int | None, pictures: Track | None) -> Track:
    """The sound of a file.

    Args:
        container: the file.
        path: its name, for messages.
        number: of the track, from 1; None takes the one that the file marks as default, or else the best.
        pictures: a track of the same file; of several programmes, the sound is of the same one.

    Raises:
        DataError: there is no sound, no such track, or no decoder for it.
    """
    if not container.streams.audio:
        raise DataError(
            f"{path} has no sound: an audio-visual model needs some, name a video with sound, or a sound file with "
            "--sound"
        )
    related = None if pictures is None else container.streams[pictures.index]
    best = container.streams.best("audio", related)
    return _chosen(container.streams.audio, container.streams.audio, best, path, number)


def _chosen(
    streams: Sequence[VideoStream | AudioStream],
    medium: Sequence[VideoStream | AudioStream],
    best: Stream | None,
    path: Path,
    number: int | None,
) -> Track:
    tracks = [
        Track(stream.index, list(medium).index(stream), place, len(streams), _content(stream))
        for place, stream in enumerate(streams, 1)
    ]
    kind = streams[0].type
    if number is not None and number > len(tracks):
        there = "; ".join(f"{track.number}: {track.content}" for track in tracks)
        raise DataError(f"--{kind}-track {number}: {path} has {len(tracks)} ({there}), name one of these")
    wanted = next((track for track in tracks if best is not None and track.index == best.index), tracks[0])
    chosen = wanted if number is None else tracks[number - 1]
    if streams[chosen.number - 1].codec_context is None:
        raise DataError(f"{kind} track {chosen.number} of {path} is in a format that cannot be decoded: convert it")
    return chosen


def _content(stream: VideoStream | AudioStream) -> str:
    codec = "unknown codec" if stream.codec_context is None else stream.codec_context.name
    if isinstance(stream, VideoStream):
        shape = "" if stream.codec_context is None else f"{stream.width} x {stream.height}"
    else:
        shape = "" if stream.codec_context is None else stream.layout.name
    language = "" if stream.language in (None, "und") else stream.language
    marks = [mark.name for mark in Disposition if mark in stream.disposition and mark.name]
    words = [codec, shape, language or "", stream.metadata.get("title", ""), *marks]
    return " ".join(word for word in words if word)
