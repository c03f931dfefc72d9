"""Where the masks of a frame come from: a proposer that looks at it, or a file that was made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.data.pictures import read_rgb
from model.data.remedies import RESTORE
from model.proposals.proposer import Proposer


class MaskSource(Protocol):
    """Gives the class-agnostic masks of a frame."""

    name: str
    """Name of the proposer."""
    identity: str | None
    """What else decides the masks, weights above all; None where the proposer's name says it."""

    def masks(self, frame: Path) -> NDArray[np.bool_]:
        """Masks (n, H, W) of a frame below the subset root.

        Raises:
            FileError: the frame or its masks cannot be used.
        """
        ...


class ProposedMasks:
    """Masks that a proposer finds in the frame."""

    def __init__(self, proposer: Proposer) -> None:
        self.name = proposer.name
        self.identity: str | None = proposer.identity
        self._proposer = proposer

    def masks(self, frame: Path) -> NDArray[np.bool_]:
        """Looks at the frame at its native resolution, see `MaskSource`."""
        return self._proposer.masks(read_rgb(frame, None, RESTORE))
