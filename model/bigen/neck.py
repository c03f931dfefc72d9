"""The neck: every level of the backbone's pyramid to the same number of channels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from model.bigen.config import BigenModelConfig
from model.bigen.conv_norm import ConvNorm
from model.layers.dilated_sum import DilatedSum


def basic_level(channels: int, width: int) -> nn.Sequential:
    """The `basic` neck of one level; there are no activations in the released code either."""
    return nn.Sequential(ConvNorm(channels, width, 1), ConvNorm(width, width, 3), ConvNorm(width, width, 3))


def aspp_level(channels: int, width: int) -> DilatedSum:
    """The `aspp` neck of one level."""
    return DilatedSum(channels, width, bias=False)


class Neck(nn.Module):
    """One neck per level.

    Args:
        channels: of the levels, finest first.
        config: width, and which neck.
    """

    def __init__(self, channels: Sequence[int], config: BigenModelConfig) -> None:
        super().__init__()
        level = aspp_level if config.neck == "aspp" else basic_level
        self.levels = nn.ModuleList(level(count, config.width) for count in channels)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps (BT, C_i, H_i, W_i) to (BT, width, H_i, W_i)."""
        return [level(one) for level, one in zip(self.levels, maps, strict=True)]
