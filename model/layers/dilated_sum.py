"""Dilated convolutions side by side, the neck of AVSBench (section 4.1) and an option of AVS-BiGen's."""

from __future__ import annotations

from torch import Tensor, nn

DILATIONS = (3, 6, 12, 18)


class DilatedSum(nn.Module):
    """The sum of four 3x3 convolutions that look further and further, without norm or activation.

    Args:
        channels: of the input.
        width: channels of the output.
        bias: whether they have one.
        deviation: of their first weights, drawn from a normal distribution; None leaves PyTorch's.
    """

    def __init__(self, channels: int, width: int, *, bias: bool, deviation: float | None = None) -> None:
        super().__init__()
        convolutions = [nn.Conv2d(channels, width, 3, padding=step, dilation=step, bias=bias) for step in DILATIONS]
        if deviation is not None:
            for convolution in convolutions:
                nn.init.normal_(convolution.weight, std=deviation)
        self.convolutions = nn.ModuleList(convolutions)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, width, H, W)."""
        first, *others = self.convolutions
        total: Tensor = first(maps)
        for convolution in others:
            total = total + convolution(maps)
        return total
