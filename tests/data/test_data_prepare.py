"""`combo data prepare` on released trees: pictures of native size, sound, and no prepared files."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import wavfile

from model.audio.logmel import log_mel_examples
from model.data.avsbench import AVSBench
from model.data.avss_classes import class_colours, class_ids
from model.data.geometry import to_square
from model.data.log_mel_file import log_mel_pickle, read_log_mel
from model.layers.imagenet_pixels import ImageNetPixels
from tests.orchestrator.combo_command import Combo

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "data_prep.npz")
CLIPS = {
    "wide": ("v1s", "train", 5),
    "tall": ("v1m", "val", 5),
    "long": ("v2", "test", 10),
    "last": ("v2", "train", 10),
}
"""Subset, split and seconds by name."""
SHAPES = {"wide": (300, 533), "tall": (401, 301), "long": (360, 640), "last": (225, 224)}
"""Height and width of the released pictures."""


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A released AVSS of four clips; not to be changed."""
    root = tmp_path_factory.mktemp("released")
    with (root / "metadata.csv").open("w", newline="") as file:
        rows = [[name, subset, split] for name, (subset, split, _) in CLIPS.items()]
        csv.writer(file).writerows([["uid", "label", "split"], *rows])
    for seed, (name, (subset, split, seconds)) in enumerate(CLIPS.items()):
        rng = np.random.default_rng(seed)
        clip = root / subset / name
        for k in range(seconds):
            frame = rng.integers(0, 256, (*SHAPES[name], 3), dtype=np.uint8)
            _save(Image.fromarray(frame).resize((40, 30)).resize(frame.shape[1::-1]), clip / "frames" / f"{k}.jpg")
            if k == 0 or (subset, split) != ("v1s", "train"):
                label = rng.integers(0, 71, SHAPES[name], dtype=np.uint8)
                _save(Image.fromarray(label), clip / "labels_semantic" / f"{k}.png")
        samples = rng.integers(-3000, 3000, seconds * 16_000).astype(np.int16)
        wavfile.write(clip / "audio.wav", 16_000, samples)
    return root


@pytest.fixture
def root(released, tmp_path):
    """A copy of the released AVSS."""
    return shutil.copytree(released, tmp_path / "avss")


@pytest.fixture(scope="module")
def prepared_once(released, tmp_path_factory):
    """The released AVSS with all that is made from it; not to be changed."""
    folder = tmp_path_factory.mktemp("prepared")
    root = shutil.copytree(released, folder / "avss")
    assert Combo(folder, root)("data", "prepare", root, "--subset", "avss", "--workers", 1).returncode == 0
    return root


@pytest.fixture
def prepared(prepared_once, tmp_path):
    """A copy of it."""
    return shutil.copytree(prepared_once, tmp_path / "prepared")


def _save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **({"compress_level": 1} if path.suffix == ".png" else {}))


def _contents(root):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in root.rglob("*") if path.is_file()}


def _expected(path, split, resampling):
    """The released preparation in so many words."""
    picture = Image.open(path)
    if split != "train":
        return picture.resize((224, 224), resampling)
    width, height = picture.size
    if width < height:
        width, height = 224, int(224 * height / width)
    else:
        width, height = int(224 * width / height), 224
    x, y = int(round((width - 224) / 2.0)), int(round((height - 224) / 2.0))  # noqa: RUF046
    return picture.resize((width, height), resampling).crop((x, y, x + 224, y + 224))


@pytest.mark.parametrize("workers", [1, 2])
def test_prepared_pixels_are_the_authors(command, root, tmp_path, workers):
    code, out, _ = command("data", "prepare", root, "--subset", "avss", "--workers", workers)

    assert code == 0
    assert "60 files written, 0 were there already" in out  # 30 frames, 26 labels, 4 log-mels
    for name, (subset, split, seconds) in CLIPS.items():
        clip = root / subset / name
        for k in range(seconds):
            _expected(clip / f"frames/{k}.jpg", split, Image.Resampling.BILINEAR).save(tmp_path / "frame.jpg")
            assert (clip / f"processed_frames/{k}.jpg").read_bytes() == (tmp_path / "frame.jpg").read_bytes()
        for path in (clip / "labels_semantic").iterdir():
            label = _expected(path, split, Image.Resampling.NEAREST)
            prepared = Image.open(clip / "processed_labels_semantic" / path.name)
            np.testing.assert_array_equal(np.asarray(prepared), np.asarray(label))
        log_mel = read_log_mel(clip / "audio.pkl")
        heard = log_mel_examples(wavfile.read(clip / "audio.wav")[1], 16_000)
        assert log_mel.shape == (10, 1, 96, 64)
        np.testing.assert_array_equal(log_mel[:seconds], heard)
        assert not log_mel[seconds:].any()


@pytest.mark.parametrize("shape", ["wide", "tall"])
@pytest.mark.parametrize(("split", "name"), [("train", "crop"), ("val", "resize"), ("test", "resize")])
def test_geometry_agrees_with_the_authors_pixels(shape, split, name):
    picture = Image.fromarray(GOLDEN[f"{shape}_in"])
    for content, resampling in (("img", Image.Resampling.BILINEAR), ("mask", Image.Resampling.NEAREST)):
        square = to_square(picture, split, 16, resampling)
        np.testing.assert_array_equal(np.asarray(square), GOLDEN[f"{shape}_{name}_{content}"])


def test_colours_become_the_authors_ids():
    np.testing.assert_array_equal(class_colours(), GOLDEN["palette71"])
    np.testing.assert_array_equal(class_ids(GOLDEN["rgb_mask"]), GOLDEN["label_map"])


def test_pixels_are_normalised_like_the_authors():
    pixels = torch.from_numpy(GOLDEN["wide_crop_img"]).permute(2, 0, 1)
    np.testing.assert_allclose(ImageNetPixels()(pixels), GOLDEN["norm_chw"], rtol=0, atol=1e-5)


def test_labels_released_as_colours_only_give_the_same_ids(command, prepared):
    root = prepared
    expected = {path: path.read_bytes() for path in root.rglob("processed_labels_semantic/*.png")}
    for path in expected:
        path.unlink()
    for path in list(root.rglob("labels_semantic/*.png")):
        _save(
            Image.fromarray(class_colours()[np.asarray(Image.open(path))]), path.parents[1] / "labels_rgb" / path.name
        )
        path.unlink()

    code, _, _ = command("data", "prepare", root, "--subset", "avss")

    assert code == 0
    assert {path: path.read_bytes() for path in expected} == expected


def test_the_reader_asks_for_preparation_and_then_reads(released, prepared):
    with pytest.raises(ValueError, match=r"0\.jpg is missing: prepare the released clips with 'combo data prepare'"):
        AVSBench(released, "avss", "val")[0]

    root = prepared
    for path in root.rglob("processed_frames/*.jpg"):
        coloured = root / "pre_SAM_mask/AVSBench_semantic" / path.relative_to(root).with_suffix("")
        _save(Image.open(path), coloured.with_name(f"{coloured.name}_mask_color.png"))

    assert AVSBench(root, "avss", "val")[0].frames.shape == (5, 3, 224, 224)
    assert AVSBench(root, "avss", "test")[0].log_mel.shape == (10, 1, 96, 64)
    assert AVSBench(root, "avss", "train")[0].annotated.tolist() == [True] + [False] * 4


def test_what_an_interruption_left_is_completed_and_the_rest_left_alone(command, prepared):
    root = prepared
    whole = _contents(root)
    frames = sorted(root.rglob("processed_frames/*.jpg"))
    damaged = [*frames[::2], min(root.rglob("processed_labels_semantic/*.png")), min(root.rglob("audio.pkl"))]
    for path in damaged[:-3]:
        path.unlink()
    for path in damaged[-3:]:
        path.write_bytes(path.read_bytes()[:100])

    code, out, _ = command("data", "prepare", root, "--subset", "avss")

    assert code == 0
    assert f"{len(damaged)} files written, {60 - len(damaged)} were there already" in out
    after = _contents(root)
    assert {path: content for path, (_, content) in after.items()} == {path: c for path, (_, c) in whole.items()}
    assert {path for path in whole if after[path][0] != whole[path][0]} == set(damaged)


def test_a_file_that_cannot_be_made_stops_no_other(command, root):
    broken = root / "v1m/tall/frames/2.jpg"
    broken.write_bytes(b"no picture")
    (root / "v2/long/audio.wav").unlink()
    Image.new("L", (40, 30), 71).save(root / "v2/last/labels_semantic/3.png")

    code, out, _ = command("data", "prepare", root, "--subset", "avss")

    assert code == 1
    assert f"not made: {broken} cannot be read as a picture" in out
    assert f"not made: {root / 'v2/long/audio.wav'} is missing" in out
    assert f"not made: {root / 'v2/last/labels_semantic/3.png'} stores class 71" in out
    assert "57 files written, 0 were there already, 3 could not be made" in out
    assert (root / "v1s/wide/audio.pkl").exists()
    assert not (root / "v2/last/processed_labels_semantic/3.png").exists()
    assert not [path for path in root.rglob("*") if path.name.endswith(".draft")]


@pytest.mark.parametrize("subset", ["s4", "ms3"])
def test_missing_log_mels_are_made_as_the_authors_made_them(command, subset_copy, subset):
    root = subset_copy(subset)
    log_mels = sorted(root.rglob("*.pkl"))
    before = {path: path.read_bytes() for path in log_mels}
    for path in log_mels[::2]:
        path.unlink()

    code, out, _ = command("data", "prepare", root, "--subset", subset, "--workers", 1)

    assert code == 0
    assert f"{len(log_mels[::2])} files written, {len(log_mels[1::2])} were there already" in out
    assert {path: path.read_bytes() for path in log_mels} == before


@pytest.mark.parametrize("subset", ["s4", "ms3"])
def test_a_released_log_mel_is_never_replaced(command, subset_copy, subset):
    root = subset_copy(subset)
    cut, odd, *_ = sorted(root.rglob("*.pkl"))
    cut.write_bytes(cut.read_bytes()[:5000])
    odd.write_bytes(log_mel_pickle(read_log_mel(odd)[:4], requires_grad=True))
    before = _contents(root)

    code, out, _ = command("data", "prepare", root, "--subset", subset, "--workers", 1)

    assert code == 1
    assert _contents(root) == before
    remedy = "restore it, or delete it if there is the sound to make it from"
    assert f"not made: {cut} is damaged (UnpicklingError): {remedy}" in out
    assert f"not made: {odd} holds 4 examples, not 5: {remedy}" in out


def test_prepared_pictures_of_another_size_are_never_replaced(command, prepared):
    root = prepared
    before = _contents(root)

    code, _, err = command("data", "prepare", root, "--subset", "avss", "--size", 448)

    assert code == 2
    assert "is 224x224, not 448x448: ask for the size that is there, or delete what was made in it first" in err
    assert _contents(root) == before


def test_a_single_prepared_picture_of_another_size_is_left_alone(command, prepared):
    root = prepared
    odd = root / "v2/long/processed_frames/7.jpg"
    Image.new("RGB", (448, 448)).save(odd)
    before = _contents(root)

    code, out, _ = command("data", "prepare", root, "--subset", "avss")

    assert code == 1
    assert f"not made: {odd} is 448x448, not 224x224" in out
    assert _contents(root) == before


def test_short_sound_repeats_its_last_example(command, subset_copy):
    root = subset_copy("s4")
    log_mel = min(root.rglob("*.pkl"))
    log_mel.unlink()
    wav = next(root.rglob(f"{log_mel.stem}.wav"))
    rate, samples = wavfile.read(wav)
    wavfile.write(wav, rate, samples[: 3 * rate])

    command("data", "prepare", root, "--subset", "s4", "--workers", 1)

    examples = read_log_mel(log_mel)
    assert len(examples) == 5
    np.testing.assert_array_equal(examples[:3], log_mel_examples(samples[: 3 * rate], rate))
    np.testing.assert_array_equal(examples[3], examples[2])
    np.testing.assert_array_equal(examples[4], examples[2])


def test_a_folder_without_the_subset_is_refused(command, tmp_path):
    code, _, err = command("data", "prepare", tmp_path, "--subset", "avss")

    assert code == 2
    assert err.startswith("error: no AVSS data in")
    assert list(tmp_path.iterdir()) == []
