"""The convolution that AVS-BiGen's neck and decoder are made of."""

from __future__ import annotations

from torch import Tensor, nn


class ConvNorm(nn.Module):
    """A convolution without bias that keeps the size, and batch normalisation.

    Args:
        channels: of the input.
        width: of the output.
        kernel: side of the kernel, odd.
    """

    def __init__(self, channels: int, width: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) to (N, width, H, W)."""
        return self.norm(self.conv(maps))
