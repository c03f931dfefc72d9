import csv
import json
import pickle

import numpy as np
import pytest
from PIL import Image

from model.audio.logmel import log_mel_examples
from model.data.avss_classes import class_colours, class_names
from model.data.wav_file import read_wav


def _rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def _stored(path, mode):
    with Image.open(path) as image:
        assert image.mode == mode
        assert image.size == (64, 64)
        return np.asarray(image)


@pytest.fixture(scope="module")
def s4(synthetic):
    return synthetic / "AVSBench_object" / "Single-source"


@pytest.fixture(scope="module")
def ms3(synthetic):
    return synthetic / "AVSBench_object" / "Multi-sources"


@pytest.fixture(scope="module")
def avss(synthetic):
    return synthetic / "AVSBench_semantic"


def test_top_folders(s4, ms3, avss):
    assert _names(s4) == ["dataset.json", "s4_data", "s4_meta_data.csv"]
    assert _names(ms3) == ["dataset.json", "ms3_data", "ms3_meta_data.csv"]
    assert _names(avss) == ["dataset.json", "label2idx.json", "metadata.csv", "pre_SAM_mask", "v1m", "v1s", "v2"]


def test_index_headers(s4, ms3, avss):
    assert (s4 / "s4_meta_data.csv").read_text().startswith("name,start,category,split\n")
    assert (ms3 / "ms3_meta_data.csv").read_text().startswith("video_id,split\n")
    assert (avss / "metadata.csv").read_text().startswith("vid,uid,s_min,s_sec,a_obj,split,label\n")


def test_s4_files(s4):
    data = s4 / "s4_data"
    rows = _rows(s4 / "s4_meta_data.csv")
    for row in rows:
        name, clip = row["name"], f"{row['split']}/{row['category']}/{row['name']}"
        masks = 1 if row["split"] == "train" else 5
        assert _names(data / "visual_frames" / clip) == [f"{name}_{k}.png" for k in range(1, 6)]
        assert _names(data / "gt_masks" / clip) == [f"{name}_{k}.png" for k in range(1, masks + 1)]
        assert _names(data / "pre_SAM_mask" / clip) == [f"{name}_{k}_mask_color.png" for k in range(1, 6)]
        assert (data / "audio_wav" / f"{clip}.wav").is_file()
        assert (data / "audio_log_mel" / f"{clip}.pkl").is_file()
    assert len(list(data.rglob("*.*"))) == sum(13 if row["split"] == "train" else 17 for row in rows)
    assert {row["split"] for row in rows} == {"train", "val", "test"}


def test_ms3_files(ms3):
    data = ms3 / "ms3_data"
    for row in _rows(ms3 / "ms3_meta_data.csv"):
        name, split = row["video_id"], row["split"]
        assert _names(data / "visual_frames" / name) == [f"{name}.mp4_{k}.png" for k in range(1, 6)]
        assert _names(data / "pre_SAM_mask" / name) == [f"{name}.mp4_{k}_mask_color.png" for k in range(1, 6)]
        assert _names(data / "gt_masks" / split / name) == [f"{name}_{k}.png" for k in range(1, 6)]
        assert (data / "audio_wav" / split / f"{name}.wav").is_file()
        assert (data / "audio_log_mel" / split / f"{name}.pkl").is_file()


def test_avss_files(avss):
    for row in _rows(avss / "metadata.csv"):
        clip = avss / row["label"] / row["uid"]
        frames = 10 if row["label"] == "v2" else 5
        labels = 1 if (row["label"], row["split"]) == ("v1s", "train") else frames
        for folder in ("frames", "processed_frames"):
            assert _names(clip / folder) == [f"{k}.jpg" for k in range(frames)]
        for folder in ("labels_rgb", "labels_semantic", "processed_labels_semantic"):
            assert _names(clip / folder) == [f"{k}.png" for k in range(labels)]
        maskiges = avss / "pre_SAM_mask" / "AVSBench_semantic" / row["label"] / row["uid"] / "processed_frames"
        assert _names(maskiges) == [f"{k}_mask_color.png" for k in range(frames)]


def test_pictures(s4, avss):
    for mask in (s4 / "s4_data" / "gt_masks").rglob("*.png"):
        assert set(np.unique(_stored(mask, "L"))) == {0, 255}
    _stored(next((s4 / "s4_data" / "visual_frames").rglob("*.png")), "RGB")
    assert _stored(next((s4 / "s4_data" / "pre_SAM_mask").rglob("*.png")), "P").max() in (2, 3)
    for label in avss.glob("v*/*/processed_labels_semantic/*.png"):
        ids = _stored(label, "L")
        colours = _stored(label.parents[1] / "labels_rgb" / label.name, "RGB")
        np.testing.assert_array_equal(class_colours()[ids], colours)
    _stored(next((avss / "pre_SAM_mask").rglob("*.png")), "RGB")


def test_avss_class_list(avss):
    ids = json.loads((avss / "label2idx.json").read_text())

    assert ids == {name: index for index, name in enumerate(class_names())}
    assert len(ids) == 71
    assert len(np.unique(class_colours(), axis=0)) == 71
    assert class_colours()[[1, 2, 70]].tolist() == [[128, 0, 0], [0, 128, 0], [32, 128, 128]]


def test_object_sound_and_its_log_mel(s4, ms3):
    for wav in [*s4.rglob("*.wav"), *ms3.rglob("*.wav")]:
        samples, rate = read_wav(wav)
        assert (rate, samples.shape, samples.dtype) == (16_000, (80_000,), np.int16)
        assert np.abs(samples).max() > 500
        tensor = pickle.loads(_log_mel_beside(wav).read_bytes())
        assert tensor.requires_grad
        np.testing.assert_array_equal(tensor.detach().numpy(), log_mel_examples(samples, rate))


def test_avss_sound_and_its_log_mel(avss):
    for wav in avss.rglob("*.wav"):
        samples, rate = read_wav(wav)
        seconds = 10 if wav.parents[1].name == "v2" else 5
        assert (rate, len(samples)) == (16_000, seconds * 16_000)
        tensor = pickle.loads(wav.with_suffix(".pkl").read_bytes())
        assert tensor.shape == (10, 1, 96, 64)
        np.testing.assert_array_equal(tensor[:seconds].numpy(), log_mel_examples(samples, rate))
        assert not tensor[seconds:].any()


def test_the_sound_tells_the_category(s4):
    """Nearest mean spectrum already names the source: the task can be learnt."""
    spectra = {"train": [], "val": [], "test": []}
    for wav in sorted(s4.rglob("*.wav")):
        spectrum = log_mel_examples(*read_wav(wav)).mean(axis=(0, 1, 2))
        spectra[wav.parents[1].name].append((wav.parent.name, spectrum))
    categories = sorted({category for category, _ in spectra["train"]})
    means = np.stack([np.mean([s for c, s in spectra["train"] if c == category], axis=0) for category in categories])
    for category, spectrum in spectra["val"] + spectra["test"]:
        assert categories[int(np.linalg.norm(means - spectrum, axis=1).argmin())] == category


def _log_mel_beside(wav):
    return type(wav)(str(wav).replace("audio_wav", "audio_log_mel")).with_suffix(".pkl")
