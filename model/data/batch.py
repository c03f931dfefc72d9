"""Clips as one batch of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.config import IGNORED
from model.data.clip import Clip
from model.data.errors import DataError
from model.transfers import to_device

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class Batch:
    """B clips with their frames one after the other: BT is the sum of the clips' lengths.

    What says how the frames are arranged stays on the host, whatever device the others are on: it decides what is
    computed, and to ask a GPU for it would mean to wait for the GPU.
    """

    frames: Tensor
    """uint8 (BT, 3, H, W) RGB."""
    maskiges: Tensor | None
    """uint8 (BT, 3, H, W) RGB; None for a network that looks at none."""
    sound: Tensor
    """float32 (BT, 1, 96, 64) log-mel, or (BT, A) when it has passed a frozen audio encoder already."""
    clip_lengths: Tensor
    """int64 (B,) frames per clip; on the host."""
    annotated: Tensor
    """bool (BT,) which frames have labels; on the host."""
    labels: Tensor
    """int64 (annotated frames, H, W) class ids, 255 = ignore."""
    names: list[str]
    positions: Tensor
    """int64 (B,) index of each clip in the global batch (evaluation: in the data set), whatever the world size; on the
    host."""
    present: Sequence[Sequence[int]] = ()
    """Class ids in each label map, ascending, 255 left out."""
    known: Sequence[int] = ()
    """Pixels of each label map that have a class."""

    @property
    def known_pixels(self) -> int:
        """Labelled pixels that have a class.

        Raises:
            ValueError: whoever made the batch has not counted them.
        """
        if len(self.known) != len(self.labels):
            raise ValueError(f"of {len(self.labels)} label maps, this batch says of {len(self.known)} what is known")
        return sum(self.known)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device; a GPU gets it behind what it does, without a wait."""
        return self._with_tensors(lambda tensor: to_device(tensor, device))

    def pin_memory(self) -> Batch:
        """The same batch where GPUs can fetch it by themselves; PyTorch's loader calls this."""
        return self._with_tensors(Tensor.pin_memory)

    def _with_tensors(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return replace(
            self,
            frames=change(self.frames),
            maskiges=None if self.maskiges is None else change(self.maskiges),
            sound=change(self.sound),
            labels=change(self.labels),
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
            _split(self.present, labelled),
            _split(self.known, labelled),
            strict=True,
        )
        return [Batch(*part) for part in parts]


def collate(clips: Sequence[Clip], positions: Sequence[int], *, channels_last: bool = False) -> Batch:
    """Joins clips of one size, of any length.

    Args:
        clips: at least one.
        positions: their indices in the global batch.
        channels_last: whether the channels of a pixel of frames and Maskiges lie together in memory.

    Raises:
        DataError: if the clips differ in size.
    """
    sizes = {clip.frames.shape[-2:] for clip in clips}
    if len(sizes) > 1:
        raise DataError(f"clips of sizes {sorted(sizes)} do not fit into one batch: use data of one size")
    maskiges = [clip.maskiges for clip in clips if clip.maskiges is not None]
    pixels_by_class = [_pixels_by_class(labels) for clip in clips for labels in clip.labels]
    return Batch(
        frames=_join_pictures([clip.frames for clip in clips], channels_last),
        maskiges=_join_pictures(maskiges, channels_last) if maskiges else None,
        sound=_join([clip.log_mel for clip in clips]),
        clip_lengths=torch.tensor([len(clip.frames) for clip in clips]),
        annotated=_join([clip.annotated for clip in clips]),
        labels=_join([clip.labels for clip in clips]),
        names=[clip.name for clip in clips],
        positions=torch.tensor(list(positions)),
        present=[np.flatnonzero(pixels).tolist() for pixels in pixels_by_class],
        known=[int(pixels.sum()) for pixels in pixels_by_class],
    )


def present_classes(labels: NDArray[np.int64]) -> list[int]:
    """Class ids in a label map (H, W), ascending; ignored pixels belong to no class."""
    present: list[int] = np.flatnonzero(_pixels_by_class(labels)).tolist()
    return present


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


def _join_pictures(pictures: Sequence[NDArray[np.uint8]], channels_last: bool) -> Tensor:
    """(BT, 3, H, W), however the pictures of each clip lie in memory."""
    count, (height, width) = sum(map(len, pictures)), pictures[0].shape[2:]
    if channels_last:
        joined = np.empty((count, height, width, 3), np.uint8).transpose(0, 3, 1, 2)
    else:
        joined = np.empty((count, 3, height, width), np.uint8)
    return torch.from_numpy(np.concatenate(pictures, out=joined))


def _pixels_by_class(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(labels.ravel(), minlength=IGNORED)[:IGNORED]


def _split(values: Sequence[Value], lengths: Sequence[int]) -> list[Sequence[Value]]:
    return [values[end - length : end] for length, end in zip(lengths, accumulate(lengths), strict=True)]


def _join(arrays: Sequence[NDArray[np.generic]]) -> Tensor:
    return torch.from_numpy(np.concatenate(arrays))
