"""The values around pixels, beside SciPy's filters."""

import numpy as np
import pytest
from scipy import ndimage

from reports.drawing.extremum_filters import maximum_filter, minimum_filter


@pytest.mark.parametrize("reach", [1, 3, 9])
def test_values_around_pixels_are_those_of_scipy(reach):
    pictures = np.random.default_rng(0).integers(0, 72, (2, 11, 8)).astype(np.uint8)
    side = (1, 2 * reach + 1, 2 * reach + 1)

    np.testing.assert_array_equal(maximum_filter(pictures, reach), ndimage.maximum_filter(pictures, side))
    np.testing.assert_array_equal(minimum_filter(pictures, reach), ndimage.minimum_filter(pictures, side))
    np.testing.assert_array_equal(
        minimum_filter(pictures, reach, zero_outside=True), ndimage.minimum_filter(pictures, side, mode="constant")
    )
    inside = pictures > 60
    np.testing.assert_array_equal(maximum_filter(inside, reach), ndimage.maximum_filter(inside, side))
