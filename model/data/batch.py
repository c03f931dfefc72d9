"""Clips as one batch of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.data.clip import Clip
from model.data.errors import DataError


@dataclass(frozen=True, eq=False)
class Batch:
    """B clips with their frames one after the other: BT is the sum of the clips' lengths."""

    frames: Tensor
    """uint8 (BT, 3, H, W) RGB."""
    maskiges: Tensor | None
    """uint8 (BT, 3, H, W) RGB; None for a network that looks at none."""
    sound: Tensor
    """float32 (BT, 1, 96, 64) log-mel, or (BT, A) when it has passed a frozen audio encoder already."""
    clip_lengths: Tensor
    """int64 (B,) frames per clip."""
    annotated: Tensor
    """bool (BT,) which frames have labels."""
    labels: Tensor
    """int64 (annotated frames, H, W) class ids, 255 = ignore."""
    names: list[str]
    positions: Tensor
    """int64 (B,) index of each clip in the global batch (evaluation: in the data set), whatever the world size."""

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        return Batch(
            frames=self.frames.to(device),
            maskiges=None if self.maskiges is None else self.maskiges.to(device),
            sound=self.sound.to(device),
            clip_lengths=self.clip_lengths.to(device),
            annotated=self.annotated.to(device),
            labels=self.labels.to(device),
            names=self.names,
            positions=self.positions.to(device),
        )

    def split(self, clips: int) -> list[Batch]:
        """The same clips in batches of at most `clips`, in order."""
        if clips >= len(self.names):
            return [self]
        frames = [int(part.sum()) for part in self.clip_lengths.split(clips)]
        labelled = [int(part.sum()) for part in self.annotated.split(frames)]
        parts = zip(
            self.frames.split(frames),
            [None] * len(frames) if self.maskiges is None else self.maskiges.split(frames),
            self.sound.split(frames),
            self.clip_lengths.split(clips),
            self.annotated.split(frames),
            self.labels.split(labelled),
            [self.names[first : first + clips] for first in range(0, len(self.names), clips)],
            self.positions.split(clips),
            strict=True,
        )
        return [Batch(*part) for part in parts]


def collate(clips: Sequence[Clip], positions: Sequence[int]) -> Batch:
    """Joins clips of one size, of any length.

    Args:
        clips: at least one.
        positions: their indices in the global batch.

    Raises:
        DataError: if the clips differ in size.
    """
    sizes = {clip.frames.shape[-2:] for clip in clips}
    if len(sizes) > 1:
        raise DataError(f"clips of sizes {sorted(sizes)} do not fit into one batch: use data of one size")
    return Batch(
        frames=_join([clip.frames for clip in clips]),
        maskiges=_join(maskiges) if (maskiges := [c.maskiges for c in clips if c.maskiges is not None]) else None,
        sound=_join([clip.log_mel for clip in clips]),
        clip_lengths=torch.tensor([len(clip.frames) for clip in clips]),
        annotated=_join([clip.annotated for clip in clips]),
        labels=_join([clip.labels for clip in clips]),
        names=[clip.name for clip in clips],
        positions=torch.tensor(list(positions)),
    )


def unlabelled(frames: Tensor, maskiges: Tensor | None, sound: Tensor) -> Batch:
    """One clip of T frames of which nothing but the inputs is known; see `Batch` for the tensors."""
    count, _, height, width = frames.shape
    return Batch(
        frames=frames,
        maskiges=maskiges,
        sound=sound,
        clip_lengths=torch.tensor([count]),
        annotated=torch.zeros(count, dtype=torch.bool),
        labels=torch.zeros(0, height, width, dtype=torch.int64),
        names=[""],
        positions=torch.tensor([0]),
    )


def _join(arrays: Sequence[NDArray[np.generic]]) -> Tensor:
    return torch.from_numpy(np.concatenate(arrays))
