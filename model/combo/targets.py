"""Label maps turned into the objects that queries are matched with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.transfers import to_device


@dataclass(frozen=True)
class Targets:
    """The classes present in each of F annotated frames, background included: N objects, frame after frame.

    Attributes:
        present: class ids of each frame, on the host.
        ids: (N,) int64, the same on the device.
        masks: (N, H, W) float32 in {0, 1}.
    """

    present: Sequence[Sequence[int]]
    ids: Tensor
    masks: Tensor

    @property
    def counts(self) -> list[int]:
        """Objects of each frame."""
        return [len(classes) for classes in self.present]

    def __len__(self) -> int:
        return sum(self.counts)


def frame_targets(labels: Tensor, present: Sequence[Sequence[int]]) -> Targets:
    """The objects of label maps (F, H, W) of class ids, in which these classes are present; see `Batch.present`."""
    counts = torch.tensor([len(classes) for classes in present], dtype=torch.int64)
    numbers = torch.stack(
        (
            torch.tensor([one for classes in present for one in classes], dtype=torch.int64),
            torch.arange(len(present)).repeat_interleave(counts),
        )
    )
    ids, frames = to_device(numbers, labels.device)
    return Targets(present, ids, (labels[frames] == ids[:, None, None]).float())
