"""What cannot be predicted: exit code 2, one clear sentence, nothing written."""

import shutil

import pytest
from odd_videos import spoiled
from PIL import Image
from predict_command import run_combo
from videos import remuxed, write_video


@pytest.fixture
def refused(tmp_path, models, monkeypatch, capsys):
    """Predicts in an own folder; returns what is said, once sure that nothing was written."""
    monkeypatch.chdir(tmp_path)

    def run(video, *words):
        before = sorted(tmp_path.rglob("*"))
        chosen = () if "--checkpoint" in words else ("--checkpoint", models["s4"])
        code = run_combo("model", "predict", video, *chosen, *words)
        said = capsys.readouterr()
        assert code == 2, said.err
        assert said.out.strip() == ""
        assert sorted(tmp_path.rglob("*")) == before
        assert len(said.err.strip().splitlines()) == 1
        assert said.err.startswith("error: ")
        return said.err.strip()

    return run


def cut(path, share):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def picture(path):
    Image.new("RGB", (64, 64)).save(path)
    return path


def empty(path):
    path.touch()
    return path


def text(path):
    path.write_text("no video\n" * 100)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "absent.mp4", "absent.mp4 is missing: name a video file"),
        (lambda folder: folder, "is a folder: name a video file"),
        (lambda folder: text(folder / "notes.mp4"), "notes.mp4 cannot be read as a video"),
        (lambda folder: text(folder / "notes.txt"), "notes.txt is a text file: name a video file"),
        (
            lambda folder: empty(folder / "empty.mp4"),
            "empty.mp4 is empty: download it again, or name another video file",
        ),
        (
            lambda folder: spoiled(write_video(folder / "clip.mp4", 2), folder / "dead.mkv", "video", 1, 5),
            "dead.mkv holds no picture that can be decoded: download it again, or name another video",
        ),
        (lambda folder: picture(folder / "photo.png"), "photo.png has no sound"),
        (lambda folder: write_video(folder / "mute.mp4", 2, sound_rate=None), "mute.mp4 has no sound"),
        (lambda folder: write_video(folder / "short.mp4", 0.8), "short.mp4 is shorter than one second"),
        (lambda folder: cut(write_video(folder / "cut.mp4", 2), 0.5), "cut.mp4 cannot be read as a video"),
    ],
)
def test_a_file_that_cannot_be_segmented(refused, tmp_path, make, message):
    assert message in refused(make(tmp_path))


def test_sound_alone(refused, tmp_path):
    import av

    path = tmp_path / "song.m4a"
    with av.open(str(write_video(tmp_path / "clip.mp4", 2))) as source, av.open(str(path), "w", format="mp4") as target:
        track = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = track
                target.mux(packet)

    assert "song.m4a holds no moving pictures" in refused(path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--checkpoint", "absent"), "checkpoint 'absent': does not exist"),
        (("--checkpoint", "."), ". is no checkpoint folder"),
        (("--proposer", "semantic-sam"), "--proposer semantic-sam: is known here by its files only"),
        (("--proposer", "mobile-sam"), "mobile-sam needs its weights"),
        (("--device", "tpu"), "--device tpu: is not a device of this machine"),
        (("--device", "cuda:x"), "--device cuda:x: is not a device of this machine"),
        (("--out", "full"), "--out full: is not empty (remove it, or name another folder)"),
        (("--out", "seven.mp4"), "--out seven.mp4: is a file (name another folder)"),
        (("--out", "loop"), "--out loop: is a file (name another folder)"),
        (("--out", "."), "--out .: is the current folder (name a folder in it)"),
        (("--out", "/proc"), "--out /proc: is where a drive is mounted (name a folder in it)"),
        (("--out", "new/folder", "--checkpoint", "absent"), "checkpoint 'absent': does not exist"),
    ],
)
def test_words_that_cannot_be_followed(refused, seven_seconds, tmp_path, words, message):
    shutil.copy(seven_seconds, tmp_path / "seven.mp4")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").touch()
    (tmp_path / "loop").symlink_to("loop")

    assert message in refused("seven.mp4", *words)


def test_an_unknown_proposer_is_answered_with_those_there_are(seven_seconds, models, capsys):
    code = run_combo("model", "predict", seven_seconds, "--checkpoint", models["s4"], "--proposer", "felzenswalb")

    assert code == 2
    assert "'felzenszwalb', 'sam', 'mobile-sam', 'semantic-sam'" in capsys.readouterr().err


@pytest.mark.parametrize("out", [".", "link to here"])
def test_the_current_folder_is_refused_even_if_it_is_empty(models, seven_seconds, tmp_path, monkeypatch, capsys, out):
    (tmp_path / "here").mkdir()
    (tmp_path / "link to here").symlink_to("here")
    monkeypatch.chdir(tmp_path / "here")

    place = out if out == "." else tmp_path / out
    assert run_combo("model", "predict", seven_seconds, "--checkpoint", models["s4"], "--out", place) == 2
    assert f"--out {place}: is the current folder (name a folder in it)" in capsys.readouterr().err
    assert list(tmp_path.glob("here/*")) == []


def test_a_clock_that_leaps_in_the_middle_leaves_no_half_prediction(refused, seven_seconds, tmp_path):
    leaping = remuxed(seven_seconds, tmp_path / "leaping.mp4", ("video",), at=6, by=3600)

    assert "leaping.mp4 leaps from second 5.9 to second 3605.9" in refused(leaping)


def test_a_video_that_breaks_off_in_the_middle_leaves_no_half_prediction(refused, tmp_path):
    path = write_video(tmp_path / "broken.mkv", 6)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : -200] = bytes(len(content) - 200 - len(content) // 2)
    path.write_bytes(content)

    assert "broken.mkv" in refused(path)
