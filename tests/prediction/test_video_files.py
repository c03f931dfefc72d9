"""What is read from video files: which frame stands for a second, what is heard in it."""

from fractions import Fraction

import numpy as np
import pytest
from videos import NOTES, grey_of, write_video

from model.prediction.sound import sound_of_each_second
from model.prediction.video import frame_of_each_second, frames, open_video


def greys(video):
    return [int(np.median(frame.rgb()[:12, :12])) for frame in frame_of_each_second(video)]


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
    heard = [sound for sound, _ in zip(sound_of_each_second(video), range(5), strict=False)]

    assert {(sound.dtype.name, len(sound)) for sound in heard} == {("int16", 16_000)}
    assert [int(np.argmax(np.abs(np.fft.rfft(sound)))) for sound in heard[:4]] == list(NOTES[:4])
    # A sine of half the full scale on one of two channels.
    assert np.sqrt((heard[1].astype(float) ** 2).mean()) == pytest.approx(0.25 * 32768 / np.sqrt(2), rel=0.05)
    assert not heard[4][4_000:].any()


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_a_video_filmed_upright_is_seen_upright(tmp_path, rotation):
    lying = open_video(write_video(tmp_path / "lying.mp4", 1))
    turned = open_video(write_video(tmp_path / "turned.mp4", 1, rotation=rotation))
    pixels = next(frame_of_each_second(turned)).rgb()

    assert pixels.shape == (turned.height, turned.width, 3)
    expected = np.rot90(next(frame_of_each_second(lying)).rgb(), rotation // 90)
    assert (pixels == expected).all()
