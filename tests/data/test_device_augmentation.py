"""Augmentation where the network is gives the bits of augmentation where clips are loaded; the device is the CPU."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from model.combo.config import ComboConfig
from model.config import MaskigeDataConfig, TrainingConfig
from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.data.device_augmentation import augment_on_device
from model.data.loading import training_batches
from model.data.resizing import FILTER_BITS, filter_taps
from model.data.transforms import augment, augmented_labels, draw, scale_choices

CPU = torch.device("cpu")


def assert_same_batch(found, expected):
    for name in ("frames", "maskiges", "sound", "labels", "annotated"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.stride() == other.stride(), name
        assert torch.equal(one, other), name
    assert found.present == expected.present


@pytest.mark.parametrize("resized", [*scale_choices(224), *scale_choices(96), 1, 7, 700])
@pytest.mark.parametrize("length", [224, 97])
def test_taps_are_those_of_pillow(length, resized):
    rows = np.random.default_rng(resized).integers(0, 256, (5, length), dtype=np.uint8)
    rows[0] = 255
    expected = np.asarray(Image.fromarray(rows).resize((resized, 5), Image.Resampling.BILINEAR))
    places, weights = filter_taps(length, resized)
    sums = (rows[:, places].astype(np.int64) * weights).sum(2) + (1 << (FILTER_BITS - 1))
    assert sums.max() < 2**31
    np.testing.assert_array_equal((sums >> FILTER_BITS).clip(0, 255), expected)


@pytest.mark.parametrize("kind", ["scale_crop_colour_flip", "colour_flip", "flip"])
def test_bits_are_those_of_the_host(coordinate_clip, kind):
    noise = np.random.default_rng(0)
    clips = [
        replace(
            coordinate_clip,
            frames=noise.integers(0, 256, (5, 3, 64, 84), dtype=np.uint8),
            maskiges=noise.integers(0, 256, (5, 3, 64, 84), dtype=np.uint8),
        )
        for _ in range(3)
    ]
    for seed in range(6):
        generators = [np.random.default_rng([seed, place]) for place in range(3)]
        drawn = [draw(clip, kind, 64, rng) for clip, rng in zip(clips, generators, strict=True)]
        augmented = [augment(clip, kind, 64, np.random.default_rng([seed, place])) for place, clip in enumerate(clips)]
        labelled = [replace(c, labels=augmented_labels(c.labels, one)) for c, one in zip(clips, drawn, strict=True)]
        for channels_last in (True, False):
            expected = collate(augmented, range(3), channels_last=channels_last)
            raw = collate(labelled, range(3), channels_last=not channels_last)
            found = augment_on_device(raw, drawn, CPU, channels_last=channels_last)
            assert_same_batch(found, expected)


@pytest.mark.parametrize(
    ("task", "kind", "workers"),
    [("s4", "scale_crop_colour_flip", 1), ("avss", "colour_flip", 0), ("s4", "none", 0)],
)
def test_batches_are_the_same(synthetic, task, kind, workers):
    config = ComboConfig(
        seed=11,
        training=TrainingConfig(batch=4, iterations=3),
        data=MaskigeDataConfig(task=task, size=64, augment=kind),
    )
    clips = AVSBench(synthetic, task, "train", size=64)
    on_host = training_batches(clips, config, 0, 1, 0, 0)
    on_device = training_batches(clips, config, 0, 1, 0, workers, augment_on=CPU)
    for found, expected in zip(on_device, on_host, strict=True):
        assert_same_batch(found, expected)
