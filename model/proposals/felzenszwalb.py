"""Graph-based segmentation (Felzenszwalb and Huttenlocher, 2004): a proposer without weights."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.segmentation import felzenszwalb

WORKING_AREA = 224 * 224
"""Pixels of the picture that is segmented. One area for all, since the number of regions follows the resolution."""
SCALE = 224.0
"""Preference for large regions: the threshold on colour difference for a region of one pixel, in units of white."""
SIGMA = 0.8
"""Gaussian blur beforehand, pixels; what the method's authors use."""
MIN_AREA = WORKING_AREA // 400
"""Pixels below which a region joins its neighbour: a quarter of a percent of the picture."""


class Felzenszwalb:
    """Segments a picture into disjoint regions that cover it, usually 5 to 80."""

    name = "felzenszwalb"
    identity = f"scale={SCALE:g} sigma={SIGMA:g} area={WORKING_AREA} min_area={MIN_AREA}"

    def masks(self, image: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """One mask per region.

        Args:
            image: (H, W, 3) RGB. It is segmented at `WORKING_AREA` pixels; borders are as fine as that.

        Returns:
            (n, H, W).
        """
        height, width = image.shape[:2]
        zoom = sqrt(WORKING_AREA / (height * width))
        working_size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
        picture = Image.fromarray(image).resize(working_size, Image.Resampling.BILINEAR)
        regions = felzenszwalb(np.asarray(picture), scale=SCALE, sigma=SIGMA, min_size=MIN_AREA)
        native = Image.fromarray(regions.astype(np.int32)).resize((width, height), Image.Resampling.NEAREST)
        return np.asarray(native) == np.arange(regions.max() + 1)[:, None, None]
