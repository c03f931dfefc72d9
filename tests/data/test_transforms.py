from dataclasses import replace

import numpy as np
import pytest
from literal_augmentation import literal_augment
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

from model.data.colour import distort, draw_distortion
from model.data.resizing import Window, nearest_window, resized_window
from model.data.transforms import augment, scale_choices

SEEDS = range(40)


@pytest.fixture
def chequered_clip(coordinate_clip):
    """White and black fields, uneven so that no flip or shift is like another; grey tones have no hue to distort."""
    y, x = np.mgrid[:64, :64]
    white = (x // 11 + y // 14) % 2 == 1
    pictures = np.broadcast_to(white * np.uint8(255), (5, 3, 64, 64))
    return replace(coordinate_clip, frames=pictures, maskiges=pictures, labels=np.stack([white.astype(np.int64)] * 2))


def test_scales_are_the_authors():
    assert scale_choices(224) == [112, 134, 156, 179, 201, 224, 246, 268, 291, 313, 336, 358, 380, 403, 425, 448]


def test_none_changes_nothing(coordinate_clip):
    assert augment(coordinate_clip, "none", 64, np.random.default_rng(0)) is coordinate_clip


def test_flip_is_shared_and_fair(coordinate_clip):
    flips = []
    for seed in range(200):
        clip = augment(coordinate_clip, "flip", 64, np.random.default_rng(seed))
        flips.append(bool(clip.labels[0, 0, 0] == 63))
        step = slice(None, None, -1 if flips[-1] else 1)
        for name in ("frames", "maskiges", "labels"):
            np.testing.assert_array_equal(getattr(clip, name), getattr(coordinate_clip, name)[..., step])
    assert 70 < sum(flips) < 130


@pytest.mark.parametrize("kind", ["scale_crop_colour_flip", "colour_flip"])
@pytest.mark.parametrize("seed", SEEDS)
def test_geometry_is_one_for_frames_maskiges_and_labels(chequered_clip, kind, seed):
    clip = augment(chequered_clip, kind, 64, np.random.default_rng(seed))

    np.testing.assert_array_equal(clip.labels[0], clip.labels[1])
    label = clip.labels[0]
    away_from_blurred_edges = (minimum_filter(label, 5) == maximum_filter(label, 5)) & (label != 255)
    for picture in [*clip.frames, *clip.maskiges]:
        tones = picture[0][label != 255].astype(int)
        white = picture[0] > (tones.min() + tones.max()) / 2
        np.testing.assert_array_equal(white[away_from_blurred_edges], label[away_from_blurred_edges])


@pytest.fixture
def noisy_clip(coordinate_clip):
    """No two pixels alike, wider than high."""
    rng = np.random.default_rng(5)
    pictures = rng.integers(0, 256, (2, 5, 3, 64, 80), dtype=np.uint8)
    labels = rng.integers(0, 71, (2, 64, 80))
    return replace(coordinate_clip, frames=pictures[0], maskiges=pictures[1], labels=labels)


@pytest.mark.parametrize("kind", ["scale_crop_colour_flip", "colour_flip", "flip"])
@pytest.mark.parametrize("size", [64, 96, 41])
def test_bits_are_those_of_the_chain_step_by_step(noisy_clip, kind, size):
    channels_together = np.ascontiguousarray(noisy_clip.frames.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    for seed in SEEDS[:12]:
        expected = literal_augment(noisy_clip, kind, size, np.random.default_rng(seed))
        rng = np.random.default_rng(seed)
        for clip in (noisy_clip, replace(noisy_clip, frames=channels_together)):
            found = augment(clip, kind, size, np.random.default_rng(seed))
            for name in ("frames", "maskiges", "labels"):
                np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        augment(noisy_clip, kind, size, rng)
        after = np.random.default_rng(seed)
        literal_augment(noisy_clip, kind, size, after)
        assert rng.random() == after.random()


@pytest.mark.parametrize("scale", scale_choices(224))
def test_a_window_of_a_resized_picture_is_cut_from_the_whole(scale):
    """At the released size: every scale, windows at both ends and between, in pictures and labels."""
    rng = np.random.default_rng(scale)
    picture, labels = rng.integers(0, 256, (224, 224, 3), dtype=np.uint8), rng.integers(0, 256, (1, 224, 224))
    whole = np.asarray(Image.fromarray(picture).resize((scale, scale), Image.Resampling.BILINEAR))
    label = np.asarray(Image.fromarray(labels[0].astype(np.uint8)).resize((scale, scale), Image.Resampling.NEAREST))
    most = max(scale - 224, 0)
    for top, left in [(0, most), (most, 0), *rng.integers(most + 1, size=(3, 2)).tolist()]:
        window = Window((scale, scale), top, left, 224)
        cut = (slice(top, top + 224), slice(left, left + 224))
        np.testing.assert_array_equal(resized_window(picture, window), whole[cut])
        np.testing.assert_array_equal(nearest_window(labels, window)[0], label[cut])


@pytest.mark.parametrize("seed", SEEDS)
def test_shapes_types_and_padding(coordinate_clip, seed):
    clip = augment(coordinate_clip, "scale_crop_colour_flip", 64, np.random.default_rng(seed))

    assert (clip.frames.shape, clip.frames.dtype) == ((5, 3, 64, 64), np.uint8)
    assert (clip.maskiges.shape, clip.maskiges.dtype) == ((5, 3, 64, 64), np.uint8)
    assert (clip.labels.shape, clip.labels.dtype) == ((2, 64, 64), np.int64)
    padding = clip.labels[0] == 255
    side = int((~padding[0]).sum())
    assert side == 64 or side in scale_choices(64)
    assert padding[side:].all()
    assert padding[:, side:].all()
    assert not padding[:side, :side].any()
    for pictures in (clip.frames, clip.maskiges):
        assert (pictures[:, :, padding] == 128).all()


def test_every_scale_occurs(coordinate_clip):
    sides = set()
    for seed in range(150):
        labels = augment(coordinate_clip, "scale_crop_colour_flip", 64, np.random.default_rng(seed)).labels
        sides.add(int((labels[0, 0] != 255).sum()))
    assert sides == {side for side in scale_choices(64) if side < 64} | {64}


def test_augmentation_of_another_size_gives_the_asked_one(coordinate_clip):
    clip = augment(coordinate_clip, "scale_crop_colour_flip", 96, np.random.default_rng(0))

    assert clip.frames.shape[-2:] == clip.maskiges.shape[-2:] == clip.labels.shape[-2:] == (96, 96)


def test_all_randomness_comes_from_the_generator(coordinate_clip):
    first, second, other = (
        augment(coordinate_clip, "scale_crop_colour_flip", 64, np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    for name in ("frames", "maskiges", "labels"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert not np.array_equal(first.frames, other.frames)


def test_colours_of_every_picture_are_drawn_on_their_own(coordinate_clip):
    """Frames and Maskiges of this clip are all equal, so equal draws would leave them equal."""
    clip = augment(coordinate_clip, "colour_flip", 64, np.random.default_rng(1))
    pictures = {picture.tobytes() for picture in [*clip.frames, *clip.maskiges]}

    assert len(pictures) > 7
    np.testing.assert_array_equal(clip.log_mel, coordinate_clip.log_mel)


def test_distorted_colours_stay_in_range(coordinate_clip):
    rng = np.random.default_rng(0)
    picture = coordinate_clip.frames[0].transpose(1, 2, 0).copy()
    original = picture.copy()
    unchanged = 0
    for _ in range(300):
        distorted = distort(picture, draw_distortion(rng))
        assert distorted.dtype == np.uint8
        assert distorted.shape == picture.shape
        unchanged += np.array_equal(distorted, picture)
    np.testing.assert_array_equal(picture, original)
    assert 5 < unchanged < 40
