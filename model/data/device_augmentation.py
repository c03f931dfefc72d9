"""Augmentation where the network is: the bits of `model.data.transforms`, by whole numbers and tables only.

Pillow's filter is a sum of 8-bit pixels times whole weights, a shift and a clip; brightness, contrast, saturation and
hue are tables already; the way to HSV and back is looked up in tables that OpenCV fills on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.data.batch import Batch
from model.data.colour import Distortion
from model.data.hsv_tables import hsv_of_rgb, is_one_by_one, rgb_of_hsv_in_vectors, rgb_of_hsv_one_by_one
from model.data.resizing import FILTER_BITS, Window, filter_taps
from model.data.transforms import PICTURE_PADDING, Augmentation
from model.transfers import to_device


def augment_on_device(
    batch: Batch, drawn: Sequence[Augmentation], device: torch.device, *, channels_last: bool
) -> Batch:
    """The batch with its frames and Maskiges augmented, on the device; everything else stays as and where it is.

    Args:
        batch: of clips whose labels are augmented already.
        drawn: for each clip.
        device: where to work.
        channels_last: whether the channels of a pixel lie together in memory afterwards.
    """
    places = [place for place, length in enumerate(batch.clip_lengths.tolist()) for _ in range(length)]
    work = _Work(drawn, places, device)

    def finished(pictures: Tensor, distortions: list[Distortion]) -> Tensor:
        shown = work.augmented(to_device(pictures, device).permute(0, 2, 3, 1), distortions).permute(0, 3, 1, 2)
        return shown.contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)

    frames = finished(batch.frames, [colours for one in drawn for colours in one.frames])
    if batch.maskiges is None:
        return replace(batch, frames=frames)
    return replace(batch, frames=frames, maskiges=finished(batch.maskiges, [c for one in drawn for c in one.maskiges]))


@dataclass(frozen=True)
class _Work:
    """What is to be done to N pictures of a batch."""

    drawn: Sequence[Augmentation]
    """For each clip."""
    places: Sequence[int]
    """For each picture, which clip it is of."""
    device: torch.device

    def augmented(self, pictures: Tensor, distortions: Sequence[Distortion]) -> Tensor:
        """(N, H, W, 3) to (N, side, side, 3)."""
        height, width = pictures.shape[1:3]
        windows = [one.window for one in self.drawn if one.window is not None]
        if windows:
            pictures = _filtered(pictures, 2, *self._taps(windows, width, of_columns=True))
            pictures = _filtered(pictures, 1, *self._taps(windows, height, of_columns=False))
        else:
            is_flipped = self._of_pictures(np.array([one.is_flipped for one in self.drawn]))
            pictures = torch.where(is_flipped[:, None, None, None], pictures.flip(2), pictures)
        pictures = self._distorted(pictures, distortions)
        if not windows:
            return pictures
        rows, columns = (
            self._of_pictures(np.array([np.arange(window.side) < shown(window) for window in windows]))
            for shown in (lambda window: window.height, lambda window: window.width)
        )
        return torch.where(rows[:, :, None, None] & columns[:, None, :, None], pictures, PICTURE_PADDING)

    def _of_pictures(self, of_clips: NDArray[np.generic]) -> Tensor:
        """One row for each picture."""
        return self._there(of_clips[self.places])

    def _there(self, values: NDArray[np.generic]) -> Tensor:
        return to_device(torch.from_numpy(values), self.device)

    def _taps(self, windows: Sequence[Window], length: int, *, of_columns: bool) -> tuple[Tensor, Tensor]:
        """Places (N, side, K) int64 and weights (N, side, K) int32 of the pixels under the filter; 0 outside."""
        chosen = []
        for window, one in zip(windows, self.drawn, strict=True):
            places, weights = filter_taps(length, window.resized[0 if of_columns else 1])
            part = window.columns if of_columns else window.rows
            step = -1 if of_columns and one.is_flipped else 1
            chosen.append((places[part][::step], weights[part][::step]))
        shape = (len(windows), windows[0].side, max(places.shape[1] for places, _ in chosen))
        all_places, all_weights = np.zeros(shape, np.int64), np.zeros(shape, np.int32)
        for clip, (places, weights) in enumerate(chosen):
            shown, taps = places.shape
            all_places[clip, :shown, :taps], all_weights[clip, :shown, :taps] = places, weights
        return self._of_pictures(all_places), self._of_pictures(all_weights)

    def _distorted(self, pictures: Tensor, distortions: Sequence[Distortion]) -> Tensor:
        """Step after step; at each, all pictures together of which the same is changed."""
        pictures = pictures.contiguous()
        for turn in range(max(map(len, distortions), default=0)):
            due = {place: steps[turn] for place, steps in enumerate(distortions) if len(steps) > turn}
            for changed in ("rgb", "hue", "saturation"):
                places = [place for place, step in due.items() if step.changed == changed]
                if not places:
                    continue
                chosen = self._there(np.array(places))
                tables = self._there(np.stack([due[place].table for place in places]))
                part = pictures.index_select(0, chosen)
                if changed == "rgb":
                    part = _looked_up(part, tables)
                else:
                    part = self._through_hsv(part, places, 0 if changed == "hue" else 1, tables)
                pictures.index_copy_(0, chosen, part)
        return pictures

    def _through_hsv(self, pictures: Tensor, places: Sequence[int], channel: int, tables: Tensor) -> Tensor:
        """To HSV, where one channel is looked up, and back."""
        hsv = _of_colours(pictures, _on(hsv_of_rgb, self.device))
        hsv[..., channel] = _looked_up(hsv[..., channel], tables)
        in_vectors, one_by_one = _on(rgb_of_hsv_in_vectors, self.device), _on(rgb_of_hsv_one_by_one, self.device)
        columns = np.zeros((len(places), pictures.shape[2]), np.bool_)
        for row, place in zip(columns, places, strict=True):
            one = self.drawn[self.places[place]]
            width = len(row) if one.window is None else one.window.width
            row[:width] = is_one_by_one(width)[:: -1 if one.is_flipped else 1]
        return torch.where(
            self._there(columns)[:, None, :, None], _of_colours(hsv, one_by_one), _of_colours(hsv, in_vectors)
        )


def _filtered(pictures: Tensor, axis: int, places: Tensor, weights: Tensor) -> Tensor:
    """Pillow's filter along rows (axis 1) or columns (axis 2) of (N, H, W, 3), rounded to 8 bits."""
    shape = list(pictures.shape)
    shape[axis] = places.shape[1]
    broadcast = (slice(None), None, slice(None), None) if axis == 2 else (slice(None), slice(None), None, None)
    total = torch.full(shape, 1 << (FILTER_BITS - 1), dtype=torch.int32, device=pictures.device)
    for tap in range(places.shape[2]):
        pixels = pictures.gather(axis, places[..., tap][broadcast].expand(shape))
        total += pixels.int() * weights[..., tap][broadcast]
    return (total >> FILTER_BITS).clamp(0, 255).to(torch.uint8)


def _looked_up(values: Tensor, tables: Tensor) -> Tensor:
    """8-bit values (n, ...) in a table of 256 for each of the n."""
    return tables.gather(1, values.flatten(1).long()).view(values.shape)


def _of_colours(pictures: Tensor, table: Tensor) -> Tensor:
    """Colours (..., 3) in a table with a row for each, ordered by their three values."""
    values = pictures.int()
    rows = (values[..., 0] * 256 + values[..., 1]) * 256 + values[..., 2]
    return table.index_select(0, rows.flatten()).view(pictures.shape)


@lru_cache(maxsize=8)
def _on(table: Callable[[], NDArray[np.uint8]], device: torch.device) -> Tensor:
    """A table on a device, where it stays: 130 MB all three."""
    return torch.from_numpy(table()).to(device)
