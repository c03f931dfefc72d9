"""What a user must know of a video to judge its prediction, in sentences: what is silent, lost, cut off or chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model.prediction.media.damage import Damage
from model.prediction.media.video import Video

UNREAD = 0.25
"""Part of a file's bytes, without use at its end, above which a word is said."""
UNEVEN = 1.0
"""Seconds by which pictures and sound may end apart before a word is said."""


def remarks(video: Video, seconds: int, pictures: Damage) -> list[str]:
    """What is out of the ordinary, nothing for most videos.

    Args:
        video: that was segmented.
        seconds: how many seconds of it.
        pictures: what of them could not be decoded.
    """
    return [*_tracks(video), *_lengths(video, seconds), *_damage(video, pictures), *_silence(video, seconds)]


def ranges(seconds: Sequence[int]) -> str:
    """Ascending numbers of seconds for people: "second 4", "seconds 0-2, 5"."""
    parts: list[list[int]] = []
    for second in seconds:
        if parts and parts[-1][-1] == second - 1:
            parts[-1] = [parts[-1][0], second]
        else:
            parts.append([second])
    return f"second{'s' * (len(seconds) > 1)} " + ", ".join("-".join(map(str, part)) for part in parts)


def _tracks(video: Video) -> Iterator[str]:
    chosen = (("seen", video.track, "--video-track"), ("heard", video.sound.track, "--audio-track"))
    for verb, track, option in chosen:
        if track is not None and track.of > 1:
            yield f"track {track.number} of {track.of} is {verb} ({track.content}): {option} takes another"


def _lengths(video: Video, seconds: int) -> Iterator[str]:
    survey, sound_end = video.survey, video.sound_survey.end
    if survey.ends_early:
        yield f"the file states {survey.stated_seconds:.1f} s and ends after {survey.held_seconds:.1f} s"
    if survey.unread > UNREAD:
        yield f"the last {survey.unread:.0%} of the file's bytes hold nothing that can be read"
    if survey.pictures == 1:
        yield f"one picture stands for all {sound_end:.1f} s of the sound"
    if sound_end < seconds - UNEVEN / 2:
        yield f"the sound ends at second {sound_end:.2f}, the pictures go on"
    elif sound_end > seconds + UNEVEN:
        until = f"the sound goes on until second {sound_end:.1f} and is left out there"
        yield f"the pictures end at second {seconds}, {until}"


def _damage(video: Video, pictures: Damage) -> Iterator[str]:
    for damage in (pictures, video.sound_survey.damage):
        if damage.leading:
            yield f"{damage.leading} packets of the {damage.track} at the beginning cannot be decoded, and are left out"
        if damage.undecodable:
            yield f"{damage.sentence()}, and are passed over"
    if pictures.patched:
        yield f"{pictures.patched} {'picture is' if pictures.patched == 1 else 'pictures are'} damaged in part"


def _silence(video: Video, seconds: int) -> Iterator[str]:
    if silent := video.sound_survey.silent(seconds):
        verb = "is" if len(silent) == 1 else "are"
        yield f"{ranges(silent)} {verb} silent: masks there follow from the pictures alone"
    if cancelled := video.sound_survey.cancelled(seconds):
        yield f"{ranges(cancelled)}: the channels cancel each other out when mixed to one, so the model gets silence"
