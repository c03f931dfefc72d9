"""`combo data check` on damaged trees: each kind of fault is found, named and given its remedy."""

import shutil

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from model.data.log_mel_file import log_mel_pickle

LOG_MEL = np.random.default_rng(0).standard_normal((5, 1, 96, 64)).astype(np.float32)


def _first(root, pattern):
    return min(root.rglob(pattern))


def _write_wav(path, samples):
    wavfile.write(path, 16_000, samples.astype(np.int16))


def _truncate(path):
    path.write_bytes(path.read_bytes()[:200])


def _palette_mask(path):
    """A mask as paint programs save it: two colours, numbered 0 and 1."""
    inside = Image.fromarray((np.asarray(Image.open(path)) // 255).astype(np.uint8))
    inside.putpalette([0, 0, 0, 255, 255, 255])
    inside.save(path)


@pytest.fixture(scope="module")
def synthetic(half):
    """What `subset_copy` copies."""
    return half


@pytest.mark.parametrize("subset", ["s4", "ms3", "avss"])
def test_a_complete_subset_is_as_it_should_be(command, synthetic, subset):
    code, out, _ = command("data", "check", synthetic, "--subset", subset)

    assert code == 0
    assert "all as it should be" in out


@pytest.mark.parametrize(
    ("subset", "pattern", "damage", "kind", "problem"),
    [
        ("s4", "visual_frames/**/*_3.png", lambda path: path.unlink(), "frame: missing", "is missing"),
        ("s4", "visual_frames/**/*_3.png", _truncate, "frame: unreadable", "cannot be read as a picture"),
        (
            "ms3",
            "visual_frames/**/*_3.png",
            lambda path: Image.new("RGB", (32, 64)).save(path),
            "frame: size",
            "is 32x64, not 64x64",
        ),
        ("s4", "gt_masks/test/**/*_2.png", lambda path: path.unlink(), "mask: missing", "is missing"),
        ("s4", "gt_masks/**/*_1.png", lambda path: Image.new("RGB", (64, 64)).save(path), "mask: mode", "is a RGB"),
        ("ms3", "gt_masks/**/*_1.png", _palette_mask, "mask: values", "stores 1 besides 0 and 255"),
        (
            "s4",
            "gt_masks/**/*_1.png",
            lambda path: Image.new("L", (64, 64), 128).save(path),
            "mask: values",
            "stores 128 besides 0 and 255",
        ),
        (
            "avss",
            "processed_labels_semantic/0.png",
            lambda path: Image.new("L", (64, 64), 71).save(path),
            "label: values",
            "stores class 71",
        ),
        ("avss", "processed_frames/4.jpg", _truncate, "frame: unreadable", "cannot be read as a picture"),
        ("s4", "pre_SAM_mask/**/*_5_mask_color.png", lambda path: path.unlink(), "Maskige: missing", "is missing"),
        ("s4", "audio_log_mel/**/*.pkl", _truncate, "log-mel: unreadable", "is damaged"),
        (
            "s4",
            "audio_log_mel/**/*.pkl",
            lambda path: path.write_bytes(log_mel_pickle(LOG_MEL[:3], True)),
            "log-mel: length",
            "holds 3 examples, not 5",
        ),
        (
            "ms3",
            "audio_log_mel/**/*.pkl",
            lambda path: path.write_bytes(log_mel_pickle(LOG_MEL / 0, True)),
            "log-mel: values",
            "holds NaN or infinite values",
        ),
        (
            "ms3",
            "audio_log_mel/**/*.pkl",
            lambda path: path.write_bytes(log_mel_pickle(np.full_like(LOG_MEL, -4.6), True)),
            "log-mel: silent",
            "is silent",
        ),
        ("s4", "audio_wav/**/*.wav", _truncate, "sound: length", "lasts 0.00 s, not 5 s"),
        (
            "s4",
            "audio_wav/**/*.wav",
            lambda path: path.write_bytes(b"RIFF"),
            "sound: unreadable",
            "cannot be read as a wav file",
        ),
        ("s4", "audio_wav/**/*.wav", lambda path: _write_wav(path, np.zeros(80_000)), "sound: silent", "is silent"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero", "ignore:Reached EOF")
def test_a_damaged_file_is_found(check, subset_copy, subset, pattern, damage, kind, problem):
    root = subset_copy(subset)
    path = _first(root, pattern)
    damage(path)

    code, found, _ = check(root, subset)

    assert code == 1
    assert found.keys() == {kind}
    (one,) = found[kind]["found"]
    assert one["place"] == path.relative_to(root).as_posix()
    assert problem in one["problem"]


def test_a_clip_without_any_sound_is_found(check, subset_copy):
    root = subset_copy("ms3")
    log_mel = _first(root, "*.pkl")
    log_mel.unlink()
    next(root.rglob(f"{log_mel.stem}.wav")).unlink()

    code, found, _ = check(root, "ms3")

    assert code == 1
    assert found["sound: missing"]["count"] == 1
    assert len(found) == 1


def test_sound_beside_a_log_mel_may_be_absent(check, subset_copy):
    root = subset_copy("s4")
    shutil.rmtree(root / "s4_data" / "audio_wav")

    assert check(root, "s4") == (0, {}, {})


@pytest.mark.parametrize("subset", ["s4", "avss"])
def test_a_log_mel_that_good_sound_stands_in_for_is_noted_and_no_fault(check, command, subset_copy, subset):
    root = subset_copy(subset)
    path = _first(root, "*.pkl")
    path.unlink()

    code, found, notes = check(root, subset)

    assert (code, found) == (0, {})
    assert notes["log-mel: made from the sound"]["found"] == [
        {"place": path.relative_to(root).as_posix(), "problem": "is missing"}
    ]
    _, out, _ = command("data", "check", root, "--subset", subset)
    assert f"no fault, but to spare the loader the work: combo data prepare {root} --subset {subset}" in out
    assert out.strip().endswith("all as it should be")


def test_a_log_mel_is_missed_where_the_sound_is_odd(check, subset_copy):
    root = subset_copy("s4")
    log_mel = _first(root, "*.pkl")
    log_mel.unlink()
    _write_wav(next(root.rglob(f"{log_mel.stem}.wav")), np.zeros(80_000))

    code, found, notes = check(root, "s4")

    assert (code, notes) == (1, {})
    assert found.keys() == {"log-mel: missing", "sound: silent"}


def test_published_pictures_are_expected_at_224(check, subset_copy):
    root = subset_copy("ms3")
    (root / "dataset.json").unlink()

    _, found, _ = check(root, "ms3")

    assert found["frame: size"]["count"] == 6 * 5
    assert found["frame: size"]["found"][0]["problem"] == "is 64x64, not 224x224"


def test_each_fault_of_released_data_has_the_command_that_mends_it(check, subset_copy):
    root = subset_copy("s4")
    (root / "dataset.json").unlink()
    for pattern in ("visual_frames/**/*_1.png", "audio_log_mel/**/*.pkl", "pre_SAM_mask/**/*_1_mask_color.png"):
        _first(root, pattern).unlink()

    _, found, notes = check(root, "s4", "--size", 64)
    _, other, _ = check(root, "s4", "--size", 64, "--maskige", "felzenszwalb")

    assert found["frame: missing"]["remedy"] == "restore from the release: frames"
    assert notes["log-mel: made from the sound"]["remedy"] == f"combo data prepare {root} --subset s4"
    proposing = f"combo data maskige {root} --subset s4 --proposer"
    assert found["Maskige: missing"]["remedy"] == f"{proposing} semantic-sam --masks DIR"
    assert other["Maskige: missing"]["remedy"] == f"{proposing} felzenszwalb"
    assert other["Maskige: missing"]["count"] == 10 * 5


def test_released_avss_is_to_be_prepared(check, subset_copy):
    root = subset_copy("avss")
    for folder in [*root.glob("v*/*/processed_frames"), *root.glob("v*/*/processed_labels_semantic")]:
        shutil.rmtree(folder)

    _, found, _ = check(root, "avss")

    assert found.keys() == {"frame: missing", "label: missing"}
    assert {group["remedy"] for group in found.values()} == {f"combo data prepare {root} --subset avss"}


def test_synthetic_data_are_to_be_written_again(check, subset_copy):
    root = subset_copy("s4")
    _first(root, "visual_frames/**/*_1.png").unlink()

    _, found, _ = check(root, "s4")

    expected = "write the data again: combo data synth --subset s4 --clips 10 --seed 3 --size 64 --out DIR"
    assert found["frame: missing"]["remedy"] == expected


def test_processes_find_what_one_finds_and_people_read_the_first_three(command, subset_copy):
    root = subset_copy("s4")
    for path in (root / "s4_data" / "visual_frames" / "train").rglob("*_1.png"):
        path.unlink()

    outputs = [command("data", "check", root, "--subset", "s4", "--workers", workers) for workers in (1, 2)]

    assert outputs[0] == outputs[1]
    code, out, _ = outputs[0]
    assert code == 1
    assert "frame: missing (7)" in out
    assert out.count("_1.png is missing") == 3
    assert "and 4 more" in out
    assert "mend: write the data again" in out


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: (root / "s4_meta_data.csv").unlink(), "no S4 data in"),
        (lambda root: (root / "s4_meta_data.csv").write_text("name\n"), "has columns"),
        (lambda root: (root / "dataset.json").write_text("{}"), "dataset.json is damaged"),
    ],
)
def test_what_is_no_subset_is_refused(command, subset_copy, damage, message):
    root = subset_copy("s4")
    damage(root)

    code, out, err = command("data", "check", root, "--subset", "s4")

    assert (code, out.strip()) == (2, "")
    assert message in err
    assert err.startswith("error: ")
    assert len(err.strip().splitlines()) == 1
