"""The neck: every level of the backbone's pyramid to the same number of channels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from model.bigen.config import BigenModelConfig
from model.bigen.conv_norm import ConvNorm

DILATIONS = (3, 6, 12, 18)


class DilatedSum(nn.Module):
    """The `aspp` neck of one level: the sum of four dilated 3x3 convolutions without bias, norm or activation.

    Args:
        channels: of the input.
        width: of the output.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Conv2d(channels, width, 3, padding=dilation, dilation=dilation, bias=False) for dilation in DILATIONS
        )

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) to (N, width, H, W)."""
        return torch.stack([branch(maps) for branch in self.branches]).sum(0)


def basic_level(channels: int, width: int) -> nn.Sequential:
    """The `basic` neck of one level; there are no activations in the released code either."""
    return nn.Sequential(ConvNorm(channels, width, 1), ConvNorm(width, width, 3), ConvNorm(width, width, 3))


class Neck(nn.Module):
    """One neck per level.

    Args:
        channels: of the levels, finest first.
        config: width, and which neck.
    """

    def __init__(self, channels: Sequence[int], config: BigenModelConfig) -> None:
        super().__init__()
        level = DilatedSum if config.neck == "aspp" else basic_level
        self.levels = nn.ModuleList(level(count, config.width) for count in channels)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps (BT, C_i, H_i, W_i) to (BT, width, H_i, W_i)."""
        return [level(one) for level, one in zip(self.levels, maps, strict=True)]
