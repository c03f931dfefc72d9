"""From the backbone's channels to those of the network: atrous convolutions side by side (AVSBench section 4.1)."""

from __future__ import annotations

from torch import Tensor, nn

DILATIONS = (3, 6, 12, 18)
INITIAL_DEVIATION = 0.01


class AtrousNeck(nn.Module):
    """The sum of four convolutions that look further and further.

    Args:
        inputs: channels that come in.
        outputs: channels that go out.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        convolutions = [nn.Conv2d(inputs, outputs, 3, padding=step, dilation=step) for step in DILATIONS]
        for convolution in convolutions:
            nn.init.normal_(convolution.weight, std=INITIAL_DEVIATION)
        self.convolutions = nn.ModuleList(convolutions)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W)."""
        first, *others = self.convolutions
        total: Tensor = first(maps)
        for convolution in others:
            total = total + convolution(maps)
        return total
