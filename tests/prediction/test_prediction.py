"""What `combo model predict` writes, compared with the network called by hand on the same video."""

import json
from functools import cache

import av
import numpy as np
import pytest
import torch
from PIL import Image
from predict_command import run_combo
from seeded_model import AVSS_CLASSES, SIZE
from torch.nn import functional as F
from videos import remuxed, write_video

from experiments.presets import resolve_preset
from model.audio.logmel import log_mel_examples
from model.combo.inference import class_scores
from model.data.avss_classes import class_colours, class_names
from model.data.batch import unlabelled
from model.data.maskige import colour_masks
from model.interface import model_of
from model.proposals.proposer import build_proposer
from model.weights.stored_model import load_model, read_stored_model, save_model

CLIP_LENGTHS = {"s4": (5, 2), "avss": (7,)}
"""How seven seconds fall into clips of five, or ten for AVSS."""
TASKS = tuple(CLIP_LENGTHS)


@cache
def frames_of(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def sound_of(path):
    """16 kHz mono int16, resampled by SciPy instead of FFmpeg."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        stereo = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    from scipy.signal import resample_poly  # which takes a second

    samples = resample_poly(stereo.mean(axis=0), 16_000, rate)
    return np.rint(samples * 32768).clip(-32768, 32767).astype(np.int16)


def masks_of(folder):
    return [np.asarray(Image.open(path)) for path in sorted((folder / "masks").iterdir())]


def description_of(folder):
    return json.loads((folder / "prediction.json").read_text())


@pytest.fixture(scope="module")
def by_hand(models, seven_seconds):
    """Scores (7, K, H, W) of each task, at the video's size."""
    # AVSBench takes frame floor(15/16 f) of each second.
    pictures = frames_of(seven_seconds)[23::25][:7]
    sound = sound_of(seven_seconds)
    proposer = build_proposer("felzenszwalb")
    maskiges = [colour_masks(proposer.masks(picture), SIZE)[1] for picture in pictures]
    scores = {}
    for task, lengths in CLIP_LENGTHS.items():
        model = load_model(read_stored_model(models[task]))
        squares = [square(picture, task) for picture in pictures]
        parts, start = [], 0
        for length in lengths:
            clip = slice(start, start + length)
            log_mel = torch.from_numpy(log_mel_examples(sound[start * 16_000 : clip.stop * 16_000], 16_000))
            with torch.no_grad():
                final = model(unlabelled(batch(squares[clip]), batch(maskiges[clip]), log_mel))[-1]
            parts.append(class_scores(final, (SIZE, SIZE)))
            start = clip.stop
        scores[task] = F.interpolate(torch.cat(parts), pictures[0].shape[:2], mode="bilinear")
    return scores


def square(picture, task):
    """As each task's test pictures are made; OpenCV's bilinear is torch's, without a look at skipped pixels."""
    if task == "avss":
        return np.asarray(Image.fromarray(picture).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    resized = F.interpolate(batch([picture]).float(), (SIZE, SIZE), mode="bilinear")
    return (resized[0].permute(1, 2, 0) + 0.5).floor().byte().numpy()


def batch(pictures):
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


def test_a_model_that_looks_at_no_maskiges_segments_without_them_and_says_nothing_of_them(
    seven_seconds, tmp_path, capsys
):
    config = resolve_preset("bigen_demo", "s4", {"data.size": SIZE})
    torch.manual_seed(0)
    weights = save_model(tmp_path / "weights", model_of(config).build(config).state_dict(), config, step=1)
    code = run_combo("model", "predict", seven_seconds, "--checkpoint", weights, "--out", tmp_path / "out")
    said = capsys.readouterr()

    assert (code, said.err) == (0, "")
    assert "Maskige" not in said.out
    assert len(masks_of(tmp_path / "out")) == 7
    assert description_of(tmp_path / "out")["network"]["task"] == "s4"


@pytest.mark.parametrize("task", TASKS)
def test_masks_are_what_the_network_gives(predicted, by_hand, task):
    expected = by_hand[task].argmax(1).numpy()
    masks = np.stack(masks_of(predicted[task]))

    assert masks.shape == (7, 64, 96)
    assert 0.05 < (expected > 0).mean() < 0.95
    shown = masks if task == "avss" else masks // 255
    assert (shown == expected).mean() > 0.99


def test_masks_are_stored_as_the_data_set_stores_them(predicted):
    assert set(np.unique(masks_of(predicted["s4"]))) == {0, 255}
    assert set(np.unique(masks_of(predicted["avss"]))) <= set(AVSS_CLASSES)
    assert Image.open(predicted["s4"] / "masks" / "000.png").mode == "L"
    coloured = Image.open(predicted["avss"] / "masks" / "000.png")
    assert coloured.mode == "P"
    assert (np.asarray(coloured.convert("RGB")) == class_colours()[np.asarray(coloured)]).all()


@pytest.mark.parametrize("task", TASKS)
def test_the_description_agrees_with_the_masks_and_names_the_weights(predicted, models, by_hand, task):
    described, stored = description_of(predicted[task]), read_stored_model(models[task])
    scores = by_hand[task]
    inside = scores.argmax(1) > 0
    share = scores[:, 1:].sum(1) / scores.sum(1)

    assert described["checkpoint"]["checksum"] == stored.checksum
    assert described["checkpoint"]["origin"]["kind"] == "trained"
    assert (described["network"]["task"], described["proposer"]) == (task, "felzenszwalb")
    assert [second["second"] for second in described["seconds"]] == list(range(7))
    for second, mask, pixels, score in zip(described["seconds"], masks_of(predicted[task]), inside, share, strict=True):
        assert second["area_share"] == pytest.approx((mask > 0).mean())
        assert sum(second["classes"].values()) == pytest.approx(second["area_share"])
        mean_score = float(score[pixels].mean()) if pixels.any() else None
        assert second["mean_score"] == pytest.approx(mean_score, abs=0.02)
        if task == "avss":
            assert set(second["classes"]) == {class_names()[index] for index in np.unique(mask[mask > 0])}


@pytest.mark.parametrize("task", TASKS)
def test_the_overlay_is_the_whole_video_with_its_sound(predicted, seven_seconds, task):
    shown, original = frames_of(predicted[task] / "overlay.mp4"), frames_of(seven_seconds)
    with av.open(str(predicted[task] / "overlay.mp4")) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert picture.codec_context.name == "h264"
        assert picture.average_rate == 25
        assert float(picture.duration * picture.time_base) == pytest.approx(7.4, abs=0.001)
        assert float(sound.duration * sound.time_base) == pytest.approx(7.4, abs=0.1)
    assert len(shown) == len(original) == 185
    assert (
        np.corrcoef(sound_of(predicted[task] / "overlay.mp4")[:100_000], sound_of(seven_seconds)[:100_000])[0, 1] > 0.99
    )


@pytest.mark.parametrize("index", [24, 25, 60, 74, 75])
def test_every_frame_of_the_overlay_carries_the_mask_of_its_second(predicted, seven_seconds, index):
    shown = frames_of(predicted["s4"] / "overlay.mp4")[index].astype(float)
    original = frames_of(seven_seconds)[index]
    masks = masks_of(predicted["s4"])
    second = index // 25
    inside = masks[second][..., None] > 0
    difference = np.abs(shown - np.where(inside, 0.5 * original + 0.5 * np.array([255, 64, 64]), original))

    for neighbour in (second - 1, second + 1):
        telling = masks[second] != masks[neighbour]
        assert telling.mean() > 0.02
        # The median passes over outlines and what the encoder smears.
        assert np.median(difference[telling]) < 10


def test_what_follows_the_last_whole_second_is_left_as_it_is(predicted, seven_seconds):
    shown, original = frames_of(predicted["s4"] / "overlay.mp4")[180], frames_of(seven_seconds)[180]

    assert np.abs(shown.astype(float) - original).mean() < 4


def test_the_filmstrip_has_a_column_per_second_and_four_rows(predicted):
    column, row = 160 + 4, 107 + 4

    assert Image.open(predicted["s4"] / "filmstrip.png").size == (64 + 7 * column - 4, 24 + 4 * row - 4)


def test_long_videos_show_an_even_choice_of_seconds(models, tmp_path):
    video = write_video(tmp_path / "long.mp4", 23, size=(64, 64), rate=8)
    assert run_combo("model", "predict", video, "--checkpoint", models["s4"], "--out", tmp_path / "out") == 0

    strip = Image.open(tmp_path / "out" / "filmstrip.png")
    assert strip.width == 64 + 12 * 164 - 4
    assert len(masks_of(tmp_path / "out")) == 23


def test_the_default_folder_is_named_after_the_video(models, tmp_path, monkeypatch, capsys):
    video = write_video(tmp_path / "three seconds.mkv", 3, sound_rate=48_000)
    monkeypatch.chdir(tmp_path)

    assert run_combo("model", "predict", video, "--checkpoint", models["s4"]) == 0
    assert len(masks_of(tmp_path / "three seconds-prediction")) == 3
    said = capsys.readouterr().out
    assert "three seconds-prediction/overlay.mp4" in said
    assert "trained with Maskiges by semantic-sam, these are by felzenszwalb" in said


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed_to_an_empty_folder_or_a_new_one(models, tmp_path, there):
    video = write_video(tmp_path / "clip.mp4", 1)
    if there:
        (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")

    assert run_combo("model", "predict", video, "--checkpoint", models["s4"], "--out", tmp_path / "link") == 0
    assert (tmp_path / "link").is_symlink()
    assert len(masks_of(tmp_path / "elsewhere")) == 1


def test_a_gap_in_the_sound_is_as_long_in_the_overlay(models, tmp_path):
    video = remuxed(write_video(tmp_path / "whole.mkv", 4), tmp_path / "gap.mkv", ("audio",), at=2, by=1)
    assert run_combo("model", "predict", video, "--checkpoint", models["s4"], "--out", tmp_path / "out") == 0

    with av.open(str(tmp_path / "out" / "overlay.mp4")) as container:
        times = [frame.time for frame in container.decode(audio=0)]
    steps = np.diff(times)
    assert steps.max() == pytest.approx(1, abs=0.05)
    assert times[int(steps.argmax())] == pytest.approx(2, abs=0.05)
    # What is pushed back behind the pictures ends with them.
    assert times[-1] == pytest.approx(4, abs=0.05)


def test_a_files_name_cannot_command_the_terminal(models, tmp_path, monkeypatch, capsys):
    video = write_video(tmp_path / "red\x1b[31m.mp4", 1)
    monkeypatch.chdir(tmp_path)

    assert run_combo("model", "predict", video, "--checkpoint", models["s4"]) == 0
    said = capsys.readouterr().out
    assert "red\\x1b[31m-prediction/overlay.mp4" in said
    assert "red\x1b[31m" not in said
