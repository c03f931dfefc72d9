from pathlib import Path

import numpy as np
import pytest

from model.data.maskige import colour_masks, palette_image

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def golden():
    return np.load(GOLDEN / "maskige.npz")


def _masks(packed, width):
    return np.unpackbits(packed, axis=-1, count=width).astype(bool)


def test_equals_the_authors_colouring(golden):
    ids, rgb = colour_masks(_masks(golden["masks"], 224), size=224)

    np.testing.assert_array_equal(ids, golden["id_map"])
    np.testing.assert_array_equal(rgb, golden["rgb"])


def test_equals_the_authors_resize(golden):
    ids, rgb = colour_masks(_masks(golden["masks_150x200"], 200), size=224)

    np.testing.assert_array_equal(ids, golden["id_map_224_from_150x200"])
    np.testing.assert_array_equal(rgb, golden["rgb_224_from_150x200"])


@pytest.mark.parametrize("masks", [np.zeros((1, 8, 8), bool), np.zeros((0, 8, 8), bool)])
def test_no_mask_gives_the_background_colour(golden, masks):
    _, rgb = colour_masks(masks)

    np.testing.assert_array_equal(np.unique(rgb.reshape(-1, 3), axis=0), golden["nomask_rgb_unique"])


def test_palette_picture_shows_the_same_colours(golden):
    ids, rgb = colour_masks(_masks(golden["masks"], 224))

    np.testing.assert_array_equal(np.asarray(palette_image(ids).convert("RGB")), rgb)


def test_ids_beyond_the_palette_are_black():
    masks = np.eye(200, dtype=bool).reshape(200, 10, 20)
    _, rgb = colour_masks(masks)

    assert not rgb.reshape(-1, 3)[149:].any()
    assert rgb.reshape(-1, 3)[:149].any(axis=1).all()


def test_of_too_many_masks_the_largest_are_painted():
    masks = np.zeros((300, 300, 300), dtype=bool)
    for index in range(300):
        masks[index, index, : index + 1] = True
    ids, _ = colour_masks(np.random.default_rng(0).permutation(masks))

    np.testing.assert_array_equal(ids[:, 0], [0] * 45 + list(range(1, 256)))
