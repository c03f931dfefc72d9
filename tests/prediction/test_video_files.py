"""What is read from video files: which frame stands for a second, what is heard in it."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from videos import NOTES, grey_of, joined, remuxed, write_video

from model.data.errors import DataError
from model.prediction.media.frames import frame_of_each_part, frames
from model.prediction.media.opening import open_video
from model.prediction.media.sound import sound_of_each_second, sound_pieces


def greys(video):
    return [int(np.median(frame.rgb()[:12, :12])) for frame in frame_of_each_part(video)]


def notes(video, seconds):
    """The loudest hertz in the middle half of each second, 0 where that is silent."""
    middles = [sound[4_000:12_000] for sound in islice(sound_of_each_second(video.sound), seconds)]
    return [2 * int(np.argmax(np.abs(np.fft.rfft(middle)))) if middle.any() else 0 for middle in middles]


@pytest.mark.parametrize(
    ("rate", "suffix"),
    [(25, "mp4"), (30, "mkv"), (Fraction(30_000, 1001), "mov"), (10, "ts"), (16, "mp4")],
)
def test_a_second_is_the_frame_shown_15_sixteenths_into_it(tmp_path, rate, suffix):
    video = open_video(write_video(tmp_path / f"clip.{suffix}", 3, rate=rate))

    # AVSBench's frame floor(15/16 f) of second l is shown from here on.
    moments = [float(np.floor((second + 15 / 16) * rate) / rate) for second in range(3)]
    assert greys(video) == pytest.approx([grey_of(moment) for moment in moments], abs=2)
    assert len(list(frames(video))) == round(3 * rate)


def test_no_frame_is_lost_where_the_files_clock_runs_backwards(tmp_path):
    # AVI has no room for the order in which H.264's frames are shown.
    times = [frame.time for frame in frames(open_video(write_video(tmp_path / "clip.avi", 3)))]

    assert len(times) == 75
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize(("seconds", "whole"), [(1, 1), (2.9, 2), (2.96, 3), (3.04, 3)])
def test_a_last_second_counts_once_its_frame_is_shown(tmp_path, seconds, whole):
    assert len(greys(open_video(write_video(tmp_path / "clip.mp4", seconds)))) == whole


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_each_second_is_heard_in_its_place_at_16_khz_and_mixed_to_one_channel(tmp_path, rate):
    video = open_video(write_video(tmp_path / "clip.mp4", 4, sound_rate=rate))
    heard = [sound for sound, _ in zip(sound_of_each_second(video.sound), range(5), strict=False)]

    assert {(sound.dtype.name, len(sound)) for sound in heard} == {("int16", 16_000)}
    assert [int(np.argmax(np.abs(np.fft.rfft(sound)))) for sound in heard[:4]] == list(NOTES[:4])
    # A sine of half the full scale on one of two channels.
    assert np.sqrt((heard[1].astype(float) ** 2).mean()) == pytest.approx(0.25 * 32768 / np.sqrt(2), rel=0.05)
    assert not heard[4][4_000:].any()


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_a_gap_in_the_sound_is_silent_and_moves_nothing_that_follows(tmp_path, suffix):
    whole = write_video(tmp_path / f"whole.{suffix}", 4)
    video = open_video(remuxed(whole, tmp_path / f"gap.{suffix}", ("audio",), at=2, by=1))

    assert notes(video, 6) == [*NOTES[:2], 0, *NOTES[2:4], 0]


def test_rounded_times_leave_no_clicks_between_the_pieces_of_sound(tmp_path):
    # Matroska rounds to milliseconds, which are 16 samples.
    pieces = list(sound_pieces(open_video(write_video(tmp_path / "clip.mkv", 3)).sound, "s16", "mono", 16_000))

    assert [piece.start for piece in pieces[1:]] == [piece.start + piece.samples.shape[1] for piece in pieces[:-1]]


def test_sound_whose_time_has_passed_is_cut(tmp_path):
    clip = write_video(tmp_path / "clip.ts", 3)
    again = remuxed(clip, tmp_path / "again.ts", by=2)
    video = open_video(joined(clip, again, tmp_path / "both.ts"))

    assert notes(video, 6) == [*NOTES[:3], *NOTES[1:3], 0]


def test_sound_that_changes_its_channels_is_heard_on(tmp_path):
    stereo = write_video(tmp_path / "stereo.ts", 2)
    mono = remuxed(write_video(tmp_path / "mono.ts", 2, layout="mono"), tmp_path / "later.ts", by=2)

    assert notes(open_video(joined(stereo, mono, tmp_path / "both.ts")), 4) == [*NOTES[:2], *NOTES[:2]]


def test_sound_that_needs_no_resampling_is_heard_as_it_is(tmp_path):
    video = write_video(tmp_path / "clip.mkv", 2, sound_rate=16_000, layout="mono", codec="pcm_s16le")

    assert notes(open_video(video), 3) == [*NOTES[:2], 0]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_clock_that_leaps_by_a_day_is_refused_at_once(tmp_path, suffix):
    whole = write_video(tmp_path / f"whole.{suffix}", 3)

    with pytest.raises(DataError, match=r"leaps from second 1\.\d to second 86401\.\d: convert it, or cut it there"):
        list(frame_of_each_part(open_video(remuxed(whole, tmp_path / f"leap.{suffix}", at=1.5, by=86_400))))


def test_a_still_of_some_seconds_stands_for_each_of_them(tmp_path):
    whole = write_video(tmp_path / "whole.mkv", 3)
    video = open_video(remuxed(whole, tmp_path / "still.mkv", ("video",), at=2, by=3))

    assert greys(video)[1:5] == pytest.approx([grey_of(1.92)] * 4, abs=2)
    assert len(greys(video)) == 6


def test_a_clock_that_starts_anew_is_refused(tmp_path):
    clip = write_video(tmp_path / "clip.ts", 3)

    with pytest.raises(DataError, match=r"leaps from second 3\.0 to second 0\.0: convert it, or cut it there"):
        list(frames(open_video(joined(clip, clip, tmp_path / "twice.ts"))))


def test_pictures_that_change_their_size_are_refused(tmp_path):
    small = write_video(tmp_path / "small.ts", 2)
    large = remuxed(write_video(tmp_path / "large.ts", 2, size=(128, 64)), tmp_path / "later.ts", by=2)

    with pytest.raises(DataError, match=r"changes its size from 96 x 64 to 128 x 64 at second 2\.0: convert it"):
        list(frames(open_video(joined(small, large, tmp_path / "both.ts"))))


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_a_video_filmed_upright_is_seen_upright(tmp_path, rotation):
    video = write_video(tmp_path / "lying.mp4", 1)
    lying, turned = open_video(video), open_video(remuxed(video, tmp_path / "turned.mp4", rotation=rotation))
    pixels = next(frame_of_each_part(turned)).rgb()

    assert pixels.shape == (turned.height, turned.width, 3)
    expected = np.rot90(next(frame_of_each_part(lying)).rgb(), rotation // 90)
    assert (pixels == expected).all()
