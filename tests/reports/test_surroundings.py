"""The values around pixels, beside SciPy's filters."""

import numpy as np
import pytest
from scipy.ndimage import maximum_filter, minimum_filter

from reports.drawing.surroundings import highest_around, lowest_around


@pytest.mark.parametrize("reach", [1, 3, 9])
def test_values_around_pixels_are_those_of_scipy(reach):
    pictures = np.random.default_rng(0).integers(0, 72, (2, 11, 8)).astype(np.uint8)
    side = (1, 2 * reach + 1, 2 * reach + 1)

    np.testing.assert_array_equal(highest_around(pictures, reach), maximum_filter(pictures, side))
    np.testing.assert_array_equal(lowest_around(pictures, reach), minimum_filter(pictures, side))
    np.testing.assert_array_equal(
        lowest_around(pictures, reach, zero_outside=True), minimum_filter(pictures, side, mode="constant")
    )
    inside = pictures > 60
    np.testing.assert_array_equal(highest_around(inside, reach), maximum_filter(inside, side))
