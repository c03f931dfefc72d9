"""What the loader cannot use the check finds: both read with the same functions."""

import csv

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from model.data.avsbench import AVSBench
from model.data.errors import DataError
from model.data.index import read_index
from model.data.layout import INDEX_FILES, SPLITS, SUBSET_FOLDERS, clip_files

NOISE = np.random.default_rng(0).integers(-9000, 9000, 80_000).astype(np.int16)
MARK = np.zeros((64, 64), dtype=np.uint8)
MARK[10:30, 40:60] = 255


@pytest.fixture(scope="module")
def one_clip(synthetic, tmp_path_factory):
    """A function that copies the first test clip of a subset into a subset of its own, without its log-mel."""

    def copy(task):
        source, root = synthetic / SUBSET_FOLDERS[task], tmp_path_factory.mktemp(task)
        entry = next(entry for entry in read_index(source, task) if entry.split == "test")
        with (source / INDEX_FILES[task]).open(newline="") as file:
            header, *rows = csv.reader(file)
        with (root / INDEX_FILES[task]).open("w", newline="") as file:
            csv.writer(file).writerows([header, *(row for row in rows if entry.name in row)])
        files = clip_files(task, source, entry)
        for path in (*files.frames, *files.maskiges, *files.masks, files.wav):
            place = root / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
        return root, clip_files(task, root, entry)

    return copy


def _sound(samples):
    return lambda files: wavfile.write(files.wav, 16_000, np.asarray(samples).astype(np.int16))


def _exif(files):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(files.frames[0]) as frame:
        frame.load()
    frame.save(files.frames[0], exif=exif)


def _loop(path):
    path.unlink()
    path.symlink_to(path)


CHANGES = {
    "nothing": (lambda _files: None, None),
    "anti-phase stereo": (_sound(np.stack([NOISE, -NOISE], axis=1)), "sound: silent"),
    "sound in one channel only": (_sound(np.stack([NOISE, 0 * NOISE], axis=1)), None),
    "silence": (_sound(np.zeros(80_000)), "sound: silent"),
    "a little too short": (_sound(NOISE[:70_000]), None),
    "too short for one example": (_sound(NOISE[:8000]), "sound: length"),
    "no sound": (lambda files: files.wav.write_bytes(files.wav.read_bytes()[:44]), "sound: length"),
    "float samples": (lambda files: wavfile.write(files.wav, 16_000, NOISE / 2**15), None),
    "float silence": (lambda files: wavfile.write(files.wav, 16_000, np.zeros(80_000)), "sound: silent"),
    "16-bit frame": (lambda files: Image.fromarray(MARK.astype(np.uint16) * 257).save(files.frames[0]), None),
    "16-bit mask": (lambda files: Image.fromarray(MARK.astype(np.uint16)).save(files.masks[0]), "mask: mode"),
    "frame to be turned": (_exif, "frame: mode"),
    "endless link": (lambda files: _loop(files.frames[0]), "frame: not readable"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_check_finds_what_the_loader_cannot_use_and_nothing_else(check, one_clip, change):
    root, files = one_clip("s4")
    make, kind = CHANGES[change]
    make(files)

    _, found, _ = check(root, "s4", "--size", 64)

    try:
        AVSBench(root, "s4", "test", size=64)[0]
        is_usable = True
    except (DataError, OSError):
        is_usable = False
    faults = {name for name in found if not name.startswith("index")} - {"log-mel: missing"}
    assert is_usable == (kind is None)
    assert faults == ({kind} if kind else set())


@pytest.mark.parametrize("subset", ["s4", "ms3"])
def test_a_file_that_cannot_be_read_here_is_a_finding_and_the_others_are_checked(check, subset_copy, subset):
    root = subset_copy(subset)
    unreadable, missing, *_ = sorted(root.rglob("visual_frames/**/*_1.png"))
    _loop(unreadable)
    missing.unlink()

    code, found, _ = check(root, subset)

    assert code == 1
    assert {kind: group["found"][0]["place"] for kind, group in found.items()} == {
        "frame: not readable": unreadable.relative_to(root).as_posix(),
        "frame: missing": missing.relative_to(root).as_posix(),
    }
    assert "cannot be read here (Too many levels of symbolic links)" in str(found)
    assert found["frame: not readable"]["remedy"].startswith("let this user read it")


def test_an_unreadable_log_mel_stops_no_other_from_being_prepared(command, subset_copy):
    root = subset_copy("s4")
    missing, unreadable, *_ = sorted(root.rglob("*.pkl"))
    missing.unlink()
    _loop(unreadable)
    sound = next(root.rglob(f"{unreadable.stem}.wav"))
    _loop(sound)

    code, out, _ = command("data", "prepare", root, "--subset", "s4", "--workers", 1)

    assert code == 1
    assert missing.exists()
    assert "cannot be read here (Too many levels of symbolic links)" in out


def test_the_loader_has_every_clip_that_the_check_passes(check, synthetic):
    code, found, _ = check(synthetic, "ms3")

    assert (code, found) == (0, {})
    for split in SPLITS:
        dataset = AVSBench(synthetic, "ms3", split, size=64)
        assert all(dataset[place].labels.size for place in range(len(dataset)))
