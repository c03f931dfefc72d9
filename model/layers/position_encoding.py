"""Two-dimensional sine position code (DETR appendix A; COMBO uses it in pixel decoder, fusion and query decoder)."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

TEMPERATURE = 10_000.0


@lru_cache(maxsize=64)
def sine_encoding(height: int, width: int, channels: int, device: torch.device) -> Tensor:
    """Sine code of every position of a map; row features first, then column features.

    Args:
        height: rows H of the map.
        width: columns W of the map.
        channels: channels C of the code, a multiple of 4.
        device: where the code is needed.

    Returns:
        (1, C, H, W) float32.
    """
    per_axis = channels // 2
    exponent = torch.arange(per_axis, dtype=torch.float32, device=device).div(2, rounding_mode="floor") * 2 / per_axis
    wavelength = TEMPERATURE**exponent

    def axis_code(length: int) -> Tensor:
        position = torch.arange(1, length + 1, dtype=torch.float32, device=device)
        phase = (position / (length + 1e-6) * 2 * math.pi)[:, None] / wavelength
        return torch.stack((phase[:, 0::2].sin(), phase[:, 1::2].cos()), dim=2).flatten(1)

    rows = axis_code(height).t()[:, :, None].expand(-1, -1, width)
    columns = axis_code(width).t()[:, None, :].expand(-1, height, -1)
    return torch.cat((rows, columns))[None]
