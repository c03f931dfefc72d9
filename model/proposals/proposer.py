"""Proposers by name."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.data.errors import DataError

PROPOSERS = ("felzenszwalb", "sam", "mobile-sam")
"""Whatever finds masks in a picture by itself."""


class Proposer(Protocol):
    """Finds class-agnostic masks in a picture."""

    name: str
    identity: str
    """Weights or settings that decide the masks; equal for equal masks."""

    def masks(self, image: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Masks of a picture.

        Args:
            image: (H, W, 3) RGB at its native resolution.

        Returns:
            (n, H, W) in any order; they may overlap and need not cover the picture, and n may be 0.
        """
        ...


def build_proposer(name: str, weights: Path | None = None, device: str = "cpu") -> Proposer:
    """The proposer of that name.

    Args:
        name: one of `PROPOSERS`.
        weights: of the SAM family, a file or a folder, see `model.proposals.sam_weights`; Felzenszwalb has none.
        device: where a network runs.

    Raises:
        DataError: the name is unknown, weights are missing or not needed, or the package is not installed.
        CheckpointError: the weights cannot be used.
    """
    if name not in PROPOSERS:
        raise DataError(f"there is no proposer '{name}': use one of {', '.join(PROPOSERS)}")
    if name == "felzenszwalb":
        if weights is not None:
            raise DataError(f"felzenszwalb has no weights: leave {weights} away")
        from model.proposals.felzenszwalb import Felzenszwalb

        return Felzenszwalb()
    if weights is None:
        example = {"sam": "sam_vit_h_4b8939.pth", "mobile-sam": "mobile_sam.pt"}[name]
        raise DataError(f"{name} needs its weights: name the published file, such as {example}")
    try:
        from model.proposals.sam import Sam
    except ModuleNotFoundError as error:
        raise DataError(f"{name} needs the package {error.name}: install 'combo-lab[sam]'") from None
    return Sam(name, weights, device)
