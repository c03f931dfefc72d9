import numpy as np
from PIL import Image

from model.drawing.filmstrip import OUTLINE, TINT, outlined


def test_a_mask_is_a_line_around_a_picture_that_stays():
    picture = Image.fromarray(np.full((80, 160, 3), 120, dtype=np.uint8))
    mask = np.zeros((8, 16), dtype=bool)
    mask[2:6, 4:12] = True
    pixels = np.asarray(outlined(picture, mask))
    assert (pixels[40, 40] == TINT).all()
    assert (pixels[40, 40 + OUTLINE - 1] == TINT).all()
    assert (pixels[40, 40 + OUTLINE] == 120).all()
    assert (pixels[40, 80] == 120).all()
    assert (pixels[5, 5] == 120).all()


def test_a_mask_at_the_edge_of_a_picture_has_its_line_there_too():
    picture = Image.fromarray(np.full((40, 40, 3), 120, dtype=np.uint8))
    pixels = np.asarray(outlined(picture, np.ones((40, 40), dtype=bool)))
    assert (pixels[0] == TINT).all()
    assert (pixels[OUTLINE:-OUTLINE, OUTLINE:-OUTLINE] == 120).all()
