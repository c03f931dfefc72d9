"""The decoders, from the coarsest stage to logits: the released one, and the one that the paper names."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from model.bigen.conv_norm import ConvNorm
from model.layers import panoptic_fpn


class ResidualBlock(nn.Module):
    """x + CBR(CBR(x)), where CBR is a 3x3 convolution, batch normalisation and ReLU.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvNorm(width, width, 3)
        self.second = ConvNorm(width, width, 3)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H, W)."""
        return maps + self.second(self.first(maps).relu()).relu()


class Decoder(nn.Module):
    """The released one: adds the stages to one another, coarsest first, with nearest-neighbour upsampling.

    Args:
        width: channels of the stages; a multiple of 4.
        stages: how many there are.
    """

    def __init__(self, width: int, stages: int) -> None:
        super().__init__()
        self.skips = nn.ModuleList(ResidualBlock(width) for _ in range(stages - 1))
        self.refinements = nn.ModuleList(ResidualBlock(width) for _ in range(stages))
        self.head = nn.Sequential(
            nn.Conv2d(width, width // 2, 3, padding=1),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(width // 2, width // 4, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width // 4, 1, 1),
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Maps (BT, C, H/s, W/s), s = 4, 8, 16, 32, to logits (BT, 1, H, W)."""
        coarsest, *finer = reversed(maps)
        decoded = _doubled(self.refinements[0](coarsest))
        for skip, refinement, stage in zip(self.skips, self.refinements[1:], finer, strict=True):
            decoded = _doubled(refinement(decoded + skip(stage)))
        return self.head(decoded)


class PaperDecoder(nn.Module):
    """The structure of AVSBench's: residual units without normalisation, bilinear upsampling.

    Args:
        width: channels of the stages; a multiple of 4.
        stages: how many there are.
    """

    def __init__(self, width: int, stages: int) -> None:
        super().__init__()
        self.levels = panoptic_fpn.Decoder(width, stages, unexecuted_unit=False)
        self.head = panoptic_fpn.Head(width, width // 4, 1)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """See `Decoder`."""
        return self.head(self.levels(maps, lambda level: level))


def _doubled(maps: Tensor) -> Tensor:
    return F.interpolate(maps, scale_factor=2, mode="nearest")
