"""Label maps turned into the objects that queries are matched with."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from model.config import IGNORED


@dataclass(frozen=True)
class Target:
    """The classes present in one annotated frame, background included.

    Attributes:
        classes: (M,) int64 class ids.
        masks: (M, H, W) float32 in {0, 1}.
    """

    classes: Tensor
    masks: Tensor


def frame_targets(labels: Tensor) -> list[Target]:
    """One target per label map (N, H, W) of class ids; ignored pixels belong to no class."""
    targets = []
    for frame in labels:
        present = frame.unique()
        present = present[present != IGNORED]
        targets.append(Target(present, (frame == present[:, None, None]).float()))
    return targets
