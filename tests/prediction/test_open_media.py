"""What becomes of files that are out of the ordinary: how they are held, which tracks, how long, what is lost."""

import re
from fractions import Fraction

import numpy as np
import pytest
from odd_videos import SIZE, at_25, spoiled, tone, turned, write_tracks
from PIL import Image
from videos import NOTES, grey_of, remuxed, write_video

from model.data.errors import DataError
from model.prediction.media.frames import frame_of_each_part, frames, frames_and_stills, picture_damage
from model.prediction.media.opening import Choice, open_video
from model.prediction.media.remarks import ranges, remarks
from model.prediction.media.sound import sound_of_each_second


def first(path):
    return next(frames(open_video(path))).rgb()


def loudest_hertz(video):
    return int(np.argmax(np.abs(np.fft.rfft(next(sound_of_each_second(video.sound))))))


def said(video):
    damage = picture_damage(video)
    seconds = sum(1 for _ in frame_of_each_part(video, damage=damage))
    return remarks(video, seconds, damage)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, -90])
def test_the_whole_display_matrix_is_applied(tmp_path, degrees, mirrored):
    lying = write_video(tmp_path / "lying.mp4", 1)
    expected = np.rot90(first(lying), degrees // 90)

    shown = first(turned(lying, tmp_path / "held.mp4", degrees, mirrored))
    assert (shown == (expected[:, ::-1] if mirrored else expected)).all()


@pytest.mark.parametrize(("degrees", "exact"), [(89.6, 90), (-90.7, -90), (0.4, 0), (179.3, 180)])
def test_a_turn_that_is_off_by_less_than_a_degree_is_taken_for_the_exact_one(tmp_path, degrees, exact):
    lying = write_video(tmp_path / "lying.mp4", 1)
    video = open_video(turned(lying, tmp_path / "held.mp4", degrees))

    expected = np.rot90(first(lying), exact // 90)
    assert (video.height, video.width) == expected.shape[:2]
    assert (next(frames(video)).rgb() == expected).all()


@pytest.mark.parametrize(("degrees", "side"), [(45, "left"), (-91.5, "right")])
def test_other_angles_are_refused(tmp_path, degrees, side):
    lying = write_video(tmp_path / "lying.mp4", 1)

    with pytest.raises(DataError, match=rf"asks to be shown turned by {abs(degrees)}\.?0? degrees to the {side}: only"):
        open_video(turned(lying, tmp_path / "held.mp4", degrees))


def test_pixels_that_are_no_squares_turn_with_the_picture(tmp_path):
    wide = write_tracks(tmp_path / "wide.mov", [(SIZE, at_25(1))], [tone(1)], aspect=Fraction(4, 3))

    assert open_video(wide).pixel_aspect == Fraction(4, 3)
    assert open_video(wide).shown_size == (128, 64)
    upright = open_video(turned(wide, tmp_path / "upright.mov", 90))
    assert (upright.width, upright.height, upright.pixel_aspect) == (64, 96, Fraction(3, 4))


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """Two tracks of pictures and three of sound, of which the last of each are the file's own choice."""
    path = tmp_path_factory.mktemp("tracks") / "several.mkv"
    sounds = [tone(2, hertz) for hertz in (300, 500, 700)]
    return write_tracks(path, [((32, 32), at_25(2)), (SIZE, at_25(2))], sounds, defaults=(1, 4))


def test_tracks_are_those_that_the_file_marks(several):
    video = open_video(several)

    assert (video.width, video.height) == SIZE
    assert loudest_hertz(video) == 700
    assert said(video) == [
        "track 2 of 2 is seen (h264 96 x 64 default): --video-track takes another",
        "track 3 of 3 is heard (pcm_s16le 2 channels default): --audio-track takes another",
    ]


def test_other_tracks_can_be_chosen(several):
    video = open_video(several, Choice(video_track=1, audio_track=2))

    assert (video.width, video.height) == (32, 32)
    assert loudest_hertz(video) == 500


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice(video_track=3), r"--video-track 3: .*several.mkv has 2 \(1: h264 32 x 32; 2: h264 96 x 64 default\)"),
        (Choice(audio_track=9), r"--audio-track 9: .*several.mkv has 3 \(1: .*; 3: .*\), name one of these"),
    ],
)
def test_a_track_that_is_not_there_is_answered_with_those_that_are(several, choice, message):
    with pytest.raises(DataError, match=message):
        open_video(several, choice)


@pytest.mark.parametrize(("kind", "name"), [("audio", "sound"), ("video", "pictures")])
def test_packets_that_cannot_be_decoded_are_passed_over_and_told(tmp_path, kind, name):
    whole = write_video(tmp_path / "whole.mp4", 4)
    video = open_video(spoiled(whole, tmp_path / "noisy.mp4", kind, every=21))

    told = [remark for remark in said(video) if "cannot be decoded" in remark]
    assert len(told) == 1
    # A decoder that works on several frames at once tells of an error some frames late.
    assert re.match(rf"\d of \d+ packets of the {name} cannot be decoded, the first near second [01]\.\d,", told[0])
    assert len(list(frame_of_each_part(video))) == 4


@pytest.mark.parametrize(("kind", "name"), [("audio", "sound"), ("video", "pictures")])
def test_a_track_of_which_a_large_part_is_lost_is_refused(tmp_path, kind, name):
    whole = write_video(tmp_path / "whole.mp4", 4)
    noisy = spoiled(whole, tmp_path / "noise.mp4", kind, every=2)

    with pytest.raises(DataError, match=rf"noise.mp4 is too damaged: .* of the {name} .*, the first near second 0\.\d"):
        said(open_video(noisy))


def test_a_recording_that_begins_in_the_middle_begins_with_its_first_whole_picture(tmp_path):
    whole = write_video(tmp_path / "whole.mkv", 8, options={"g": "75"})
    video = open_video(spoiled(whole, tmp_path / "late.mkv", "video", every=1, until=70))

    assert next(frames(video)).rgb()[0, 0] == pytest.approx([grey_of(3)] * 3, abs=2)
    assert len(list(frame_of_each_part(video))) == 5
    assert loudest_hertz(video) == NOTES[3]
    assert any("packets of the pictures at the beginning cannot be decoded" in remark for remark in said(video))


def test_a_file_with_nothing_to_read_in_its_second_half_is_read_as_far_as_it_goes(tmp_path):
    whole = write_video(tmp_path / "whole.ts", 6).read_bytes()
    hollow = tmp_path / "hollow.ts"
    hollow.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) // 2))
    video = open_video(hollow)

    assert len(list(frame_of_each_part(video))) in (2, 3)
    assert any(remark.startswith("the last 50% of the file's bytes hold nothing") for remark in said(video))


def test_a_download_that_was_interrupted_is_read_as_far_as_it_goes(tmp_path):
    whole = write_video(tmp_path / "whole.mkv", 6)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: int(0.6 * whole.stat().st_size)])
    video = open_video(cut)

    assert any(remark.startswith("the file states 6.0 s and ends after 3.") for remark in said(video))
    assert len(list(frame_of_each_part(video))) == 3


def test_one_picture_stands_as_long_as_the_sound(tmp_path):
    video = open_video(write_tracks(tmp_path / "cover.mkv", [(SIZE, [0])], [tone(20)]))

    assert len(list(frame_of_each_part(video))) == 20
    times = [frame.time for frame in frames_and_stills(video)]
    assert times == pytest.approx([*range(20), 19.96], abs=0.001)
    assert said(video) == ["one picture stands for all 20.0 s of the sound"]


def test_slides_stand_for_longer_than_ten_seconds(tmp_path):
    video = open_video(write_tracks(tmp_path / "slides.mkv", [(SIZE, [0, 2, 40])], [tone(60)]))
    shown = [frame.time for frame in frame_of_each_part(video)]

    assert shown == pytest.approx([*[0] * 2, *[2] * 38, *[40] * 20])


def test_pictures_that_end_at_once_are_not_called_a_short_file(tmp_path):
    path = write_tracks(tmp_path / "flash.mkv", [(SIZE, at_25(0.2))], [tone(20)])

    with pytest.raises(DataError, match=r"the pictures of .*flash.mkv end before its first second .* after 20\.0 s"):
        open_video(path)


@pytest.mark.parametrize(
    ("sound", "expected"),
    [
        (0 * tone(4), "seconds 0-3 are silent: masks there follow from the pictures alone"),
        (tone(4, sides=(1, -1)), "seconds 0-3: the channels cancel each other out when mixed to one"),
        (tone(1.5), "the sound ends at second 1.50, the pictures go on"),
        (tone(1.5), "seconds 2-3 are silent"),
        (tone(8), "the pictures end at second 4, the sound goes on until second 8.0"),
        (np.concatenate([tone(1), 0 * tone(1), tone(2)], axis=1), "second 1 is silent"),
    ],
)
def test_what_cannot_be_heard_is_told(tmp_path, sound, expected):
    video = open_video(write_tracks(tmp_path / "clip.mkv", [(SIZE, at_25(4))], [sound]))

    assert [remark for remark in said(video) if remark.startswith(expected)]


def test_nothing_is_said_of_an_ordinary_video(seven_seconds):
    assert said(open_video(seven_seconds)) == []


def test_a_still_without_sound_is_a_fault_of_the_clock(tmp_path):
    clip = remuxed(write_video(tmp_path / "clip.mkv", 3), tmp_path / "leap.mkv", ("video",), at=2, by=30)

    with pytest.raises(DataError, match=r"leaps from second 2\.0 to second 32\.0"):
        said(open_video(clip))


def test_numbers_of_seconds_are_told_as_ranges():
    assert ranges([4]) == "second 4"
    assert ranges([0, 1, 2, 5, 7, 8]) == "seconds 0-2, 5, 7-8"


def test_a_mute_video_is_heard_through_a_file_of_its_own(tmp_path):
    mute = write_video(tmp_path / "mute.mp4", 2, sound_rate=None)
    sound = write_tracks(tmp_path / "sound.wav", [], [tone(2, 600)])
    video = open_video(mute, Choice(sound=sound))

    assert loudest_hertz(video) == 600
    assert said(video) == []


def test_a_folder_of_pictures_is_a_video(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for index in range(12):
        Image.new("RGB", SIZE, (index * 10, 0, 0)).save(folder / f"{index}.png")
    (folder / "notes.txt").touch()
    sound = write_video(tmp_path / "sound.mp4", 6)
    video = open_video(folder, Choice(sound=sound, frame_rate=Fraction(2)))

    # Of 10.png and 11.png, second 5 shows the latter.
    assert [int(frame.rgb()[0, 0, 0]) for frame in frame_of_each_part(video)] == [10, 30, 50, 70, 90, 110]
    assert loudest_hertz(video) == NOTES[0]


def test_a_second_divided_in_parts_shows_a_frame_in_each(tmp_path):
    video = open_video(write_video(tmp_path / "clip.mp4", 2.6))
    times = [frame.time for frame in frame_of_each_part(video, rate=4)]

    assert len(times) == 10
    instants = (np.arange(10) + 15 / 16) / 4
    assert np.all((instants - times >= -0.001) & (instants - times < 0.04))


def test_a_video_is_measured_before_it_is_decoded(tmp_path, monkeypatch):
    import model.prediction.media.opening as opening

    path = write_video(tmp_path / "large.mp4", 1, size=(8192, 4608), rate=1, options={"preset": "ultrafast"})
    monkeypatch.setattr(opening, "decoded", lambda *_: pytest.fail("decoded"))

    with pytest.raises(DataError, match=r"large.mp4 has pictures of 8192 x 4608 pixels, more than 33,554,432"):
        open_video(path)


@pytest.mark.parametrize("side", [6000, 20_000])
def test_a_picture_is_measured_before_it_is_decoded(tmp_path, side):
    (tmp_path / "frames").mkdir()
    Image.new("1", (side, side)).save(tmp_path / "frames" / "bomb.png")
    sound = write_tracks(tmp_path / "sound.wav", [], [tone(1)])

    with pytest.raises(DataError, match=r"bomb.png has (pictures of 6000 x 6000|too many) pixels"):
        open_video(tmp_path / "frames", Choice(sound=sound, frame_rate=Fraction(1)))
