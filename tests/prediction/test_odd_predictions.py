"""`combo model predict` on what is out of the ordinary: what it writes, and what it says."""

import json
import os

import av
import numpy as np
import pytest
from odd_videos import SIZE, at_25, tone, write_tracks
from PIL import Image
from predict_command import run_combo
from videos import write_video


@pytest.fixture
def predict(models, tmp_path, monkeypatch, capsys):
    """Predicts in an own folder; returns the folder of the prediction, its description and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = run_combo("model", "predict", *words, "--checkpoint", models["s4"], "--out", "out", "--device", "cpu")
        said = capsys.readouterr()
        assert code == 0, said.err
        return tmp_path / "out", json.loads((tmp_path / "out" / "prediction.json").read_text()), said.out

    return run


def masks_of(folder):
    return [np.asarray(Image.open(path)) for path in sorted((folder / "masks").iterdir())]


def test_an_anamorphic_video_keeps_its_shape(predict, tmp_path):
    from fractions import Fraction

    write_tracks(tmp_path / "wide.mkv", [(SIZE, at_25(1))], [tone(1)], aspect=Fraction(4, 3))
    out, described, _ = predict("wide.mkv")

    assert masks_of(out)[0].shape == (64, 96)
    assert described["video"]["pixel_aspect"] == "4:3"
    assert (described["video"]["shown_width"], described["video"]["shown_height"]) == (128, 64)
    with av.open(str(out / "overlay.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
    # A cell of the filmstrip is 160 wide, below 24 pixels for the seconds, four rows with gaps of 4.
    assert Image.open(out / "filmstrip.png").height == 24 + 4 * (80 + 4) - 4


def test_what_is_said_is_written_too(predict, tmp_path):
    write_tracks(tmp_path / "clip.mkv", [(SIZE, at_25(3))], [0 * tone(3), tone(1)], defaults=(0, 2))
    _, described, said = predict("clip.mkv")

    assert len(described["remarks"]) == 3
    assert all(remark in said for remark in described["remarks"])
    assert described["sound"]["track"] == {"number": 2, "of": 2, "content": "pcm_s16le 2 channels default"}
    assert described["sound"]["silent_seconds"] == [1, 2]
    assert described["sound"]["end"] == pytest.approx(1, abs=0.01)


def test_the_overlay_of_one_picture_lasts_as_long_as_the_sound_and_carries_every_mask(predict, tmp_path):
    write_tracks(tmp_path / "cover.mkv", [(SIZE, [0])], [np.concatenate([tone(3), tone(4, 3000)], axis=1)])
    out, described, _ = predict("cover.mkv")

    assert len(described["seconds"]) == 7
    with av.open(str(out / "overlay.mp4")) as container:
        shown = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    with av.open(str(out / "overlay.mp4")) as container:
        assert [frame.time for frame in container.decode(audio=0)][-1] == pytest.approx(7, abs=0.1)
    assert [time for time, _ in shown] == pytest.approx([*range(7), 6.96], abs=0.01)
    masks = masks_of(out)
    different = masks[0] != masks[6]
    assert different.any()
    assert np.abs(shown[0][1].astype(int) - shown[6][1])[different].mean() > 20


@pytest.mark.parametrize("rate", [1, 3])
def test_every_part_of_a_second_has_a_mask_of_its_own_frame(predict, tmp_path, rate):
    write_video(tmp_path / "clip.mp4", 6, rate=12)
    out, described, _ = predict("clip.mp4", "--rate", rate)

    assert len(masks_of(out)) == 6 * rate
    assert [second["second"] for second in described["seconds"]] == [index // rate for index in range(6 * rate)]
    assert [second["begin"] for second in described["seconds"]] == pytest.approx(np.arange(6 * rate) / rate)
    assert described["masks_per_second"] == rate


def test_the_last_part_of_each_second_is_nearly_what_one_mask_a_second_is(models, tmp_path):
    """Its frame lies 1/48 s later, so the clips are the same but for that."""
    video = write_video(tmp_path / "clip.mp4", 6, rate=8)
    for rate in (1, 2):
        words = ("--checkpoint", models["s4"], "--out", tmp_path / f"out{rate}", "--rate", rate)
        assert run_combo("model", "predict", video, *words) == 0

    # At 8 frames per second both instants fall on one frame.
    once, twice = masks_of(tmp_path / "out1"), masks_of(tmp_path / "out2")
    assert all((mask == again).all() for mask, again in zip(once, twice[1::2], strict=True))


def test_sound_of_its_own_and_a_folder_of_pictures(predict, tmp_path):
    (tmp_path / "frames").mkdir()
    for index in range(4):
        Image.new("RGB", SIZE, (60 * index, 90, 90)).save(tmp_path / "frames" / f"{index}.jpg")
    write_tracks(tmp_path / "sound.wav", [], [tone(2)])
    out, described, _ = predict("frames", "--sound", "sound.wav", "--frame-rate", "2")

    assert len(masks_of(out)) == 2
    assert described["sound"]["file"] == "sound.wav"
    assert described["video"]["track"] is None
    with av.open(str(out / "overlay.mp4")) as container:
        assert len(list(container.decode(video=0))) == 4


def test_names_whose_bytes_are_no_utf_8(predict, tmp_path):
    name = os.fsdecode(b"caf\xe9.mp4")
    write_video(tmp_path / "clip.mp4", 1).rename(tmp_path / name)
    _, described, _ = predict(name)

    assert described["video"]["file"] == r"caf\xe9.mp4"


def test_a_name_that_begins_with_a_hyphen(predict, models, tmp_path, capsys):
    write_video(tmp_path / "clip.mp4", 1).rename(tmp_path / "-clip.mp4")

    assert run_combo("model", "predict", "-clip.mp4", "--checkpoint", models["s4"]) == 2
    error = "error: -clip.mp4: is a file, but a name that begins with a hyphen is read as an option"
    assert capsys.readouterr().err == f"{error} (write ./-clip.mp4, or put -- before it)\n"
    assert len(masks_of(predict("./-clip.mp4")[0])) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("frames",), "frames is a folder: name a video file; or, of a folder of pictures, how many there are"),
        (("frames", "--sound", "clip.mp4", "--frame-rate", "2"), "frames holds no pictures (.png, .jpg"),
        (("clip.mp4", "--frame-rate", "2"), "clip.mp4 is no folder of pictures and has a frame rate of its own"),
        (("clip.mp4", "--frame-rate", "0"), "--frame-rate 0: is no number above 0, and up to 1000"),
        (("clip.mp4", "--frame-rate", "nan"), "--frame-rate nan: is no number above 0, and up to 1000"),
        (("clip.mp4", "--sound", "absent.wav"), "absent.wav is missing: name a sound file"),
        (("clip.mp4", "--sound", "photo.png"), "photo.png has no sound"),
        (("clip.mp4", "--audio-track", "2"), "--audio-track 2: clip.mp4 has 1 (1: aac stereo default), name one"),
    ],
)
def test_choices_that_cannot_be_followed(models, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames").mkdir()
    write_video(tmp_path / "clip.mp4", 1)
    Image.new("RGB", SIZE).save(tmp_path / "photo.png")

    assert run_combo("model", "predict", *words, "--checkpoint", models["s4"], "--out", "out") == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()
