"""SAM and MobileSAM: masks from a grid of points, as the authors of COMBO made theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from segment_anything import SamAutomaticMaskGenerator

from model.proposals.sam_network import build_network
from model.proposals.sam_weights import read_weights, weights_file
from model.weights.folder import file_checksum

POINTS_PER_SIDE = 32
"""Points per side of the grid of prompts."""


class Sam:
    """Segments a picture with the generator of SAM's authors and its defaults.

    Three masks for each point of the grid; predicted IoU above 0.88, stability 0.95 with offset 1.0, box NMS 0.7. The
    authors of COMBO keep these defaults for SAM and MobileSAM.
    """

    def __init__(self, name: str, weights: Path, device: str = "cpu") -> None:
        """Builds the network that the weights are of.

        Args:
            name: sam or mobile-sam.
            weights: see `read_weights`.
            device: where it runs; without a GPU a picture takes minutes.

        Raises:
            CheckpointError: the weights are absent, unreadable, or of another network.
        """
        self.name = name
        self.identity = f"sha256={file_checksum(weights_file(weights))} points={POINTS_PER_SIDE}"
        network = build_network(name, read_weights(weights), weights)
        self._generator = SamAutomaticMaskGenerator(network.to(device), points_per_side=POINTS_PER_SIDE)

    @torch.no_grad()
    def masks(self, image: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Masks that pass the thresholds.

        Args:
            image: (H, W, 3) RGB.

        Returns:
            (n, H, W), by falling predicted IoU.
        """
        found = [record["segmentation"] for record in self._generator.generate(image)]
        return np.stack(found) if found else np.zeros((0, *image.shape[:2]), dtype=np.bool_)
