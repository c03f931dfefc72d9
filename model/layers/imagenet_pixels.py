"""Pixels as networks with ImageNet weights expect them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MEAN = (123.675, 116.28, 103.53)
DEVIATION = (58.395, 57.12, 57.375)


class ImageNetPixels(nn.Module):
    """Subtracts the mean of ImageNet's pixels and divides by their deviation. Holds no tensor of the state dict."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """(N, 3, H, W) RGB in 0..255, of any type, to fp32 of the same shape."""
        return (pixels - self.mean) / self.deviation
