"""Clips of AVSS among each other: five frames or ten, padded to ten where the released code does that."""

from __future__ import annotations

import torch
from torch import Tensor

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
    """

    def __init__(self, clip_lengths: list[int], *, padded: bool) -> None:
        self._lengths = [max(length, LONGEST) for length in clip_lengths] if padded else clip_lengths
        self._is_real = [
            frame < real for real, length in zip(clip_lengths, self._lengths, strict=True) for frame in range(length)
        ]
        self._has_padding = not all(self._is_real)

    def in_fives(self) -> list[int]:
        """Lengths of groups of five frames within each clip; a clip's last one may be shorter."""
        return [min(GROUP, length - first) for length in self._lengths for first in range(0, length, GROUP)]

    def pad(self, rows: Tensor) -> Tensor:
        """Rows (BT, ...) of the clips' frames with zeros for padding between them."""
        if not self._has_padding:
            return rows
        padded = rows.new_zeros(len(self._is_real), *rows.shape[1:])
        padded[self._real(rows)] = rows
        return padded

    def blank(self, rows: Tensor) -> Tensor:
        """The same rows with zeros for those of padding."""
        if not self._has_padding:
            return rows
        return rows * self._real(rows).view(-1, *[1] * (rows.ndim - 1))

    def drop_padding(self, rows: Tensor) -> Tensor:
        """Rows of the clips' frames only."""
        return rows[self._real(rows)] if self._has_padding else rows

    def _real(self, rows: Tensor) -> Tensor:
        return torch.tensor(self._is_real, device=rows.device)
