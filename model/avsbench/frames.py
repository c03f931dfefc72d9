"""Clips of AVSS among each other: five frames or ten, padded to ten where the released code does that."""

from __future__ import annotations

import torch
from torch import Tensor

from model.transfers import to_device

LONGEST = 10
"""Frames of a padded clip."""
GROUP = 5
"""Frames that share their sound in the released code, however long a clip is."""


class Frames:
    """The frames of a batch of clips.

    Padding is zero after normalisation, and silent. It changes no frame of a clip but through batch normalisation,
    which sees it in training; so nothing is padded elsewhere.

    Args:
        clip_lengths: frames of each clip.
        padded: whether shorter clips are filled up to ten frames.
        device: of all rows.
    """

    def __init__(self, clip_lengths: list[int], *, padded: bool, device: torch.device) -> None:
        self._lengths = [max(length, LONGEST) for length in clip_lengths] if padded else clip_lengths
        is_real = [
            frame < real for real, length in zip(clip_lengths, self._lengths, strict=True) for frame in range(length)
        ]
        self._padding: tuple[Tensor, Tensor] | None = None
        """Which rows are real, bool, and their places; None where all are."""
        if not all(is_real):
            places = [place for place, real in enumerate(is_real) if real]
            self._padding = to_device(torch.tensor(is_real), device), to_device(torch.tensor(places), device)

    def in_fives(self) -> list[int]:
        """Lengths of groups of five frames within each clip; a clip's last one may be shorter."""
        return [min(GROUP, length - first) for length in self._lengths for first in range(0, length, GROUP)]

    def pad(self, rows: Tensor) -> Tensor:
        """Rows (BT, ...) of the clips' frames with zeros for padding between them."""
        if self._padding is None:
            return rows
        is_real, places = self._padding
        return rows.new_zeros(len(is_real), *rows.shape[1:]).index_copy_(0, places, rows)

    def blank(self, rows: Tensor) -> Tensor:
        """The same rows with zeros for those of padding."""
        if self._padding is None:
            return rows
        is_real, _ = self._padding
        return rows * is_real.view(-1, *[1] * (rows.ndim - 1))

    def drop_padding(self, rows: Tensor) -> Tensor:
        """Rows of the clips' frames only."""
        return rows if self._padding is None else rows[self._padding[1]]
