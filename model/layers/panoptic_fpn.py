"""AVSBench's decoder (section 4.3), a Panoptic FPN with residual units: from the coarsest map to logits."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

PerFrame = Callable[[Tensor], Tensor]
"""What is done to maps after every level, frame by frame."""


class ResidualUnit(nn.Module):
    """Two convolutions beside a skip.

    The skip carries what is left of the input by the first ReLU, as that works in place in the released code.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        positive = maps.relu()
        return self.second(self.first(positive).relu()) + positive


class Level(nn.Module):
    """Joins the map of a stage with what came from the coarser ones, and doubles its resolution.

    Args:
        width: channels.
        has_stage_unit: whether there is a unit for the stage's map, to be added to what came before.
    """

    def __init__(self, width: int, *, has_stage_unit: bool) -> None:
        super().__init__()
        self.stage_unit = ResidualUnit(width) if has_stage_unit else None
        self.output_unit = ResidualUnit(width)

    def forward(self, coarser: Tensor | None, stage: Tensor) -> Tensor:
        """Maps (N, C, H, W) to (N, C, 2H, 2W).

        Args:
            coarser: of the level before; None for the first, where the stage's map takes its place.
            stage: map of the backbone's stage.
        """
        if coarser is None:
            joined = stage
        else:
            assert self.stage_unit is not None  # only the first level may lack it
            joined = coarser + self.stage_unit(stage)
        return F.interpolate(self.output_unit(joined), scale_factor=2, mode="bilinear", align_corners=True)


class Decoder(nn.Module):
    """Four levels, from stride 32 to stride 2.

    Args:
        width: channels.
        stages: number of maps.
        unexecuted_unit: whether the first level has the unit of the released network that nothing passes.
    """

    def __init__(self, width: int, stages: int, *, unexecuted_unit: bool) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            Level(width, has_stage_unit=unexecuted_unit or stage < stages - 1) for stage in range(stages)
        )
        """By stage, the finest first."""

    def forward(self, maps: list[Tensor], after_level: PerFrame) -> Tensor:
        """Maps of all stages (N, C, H, W), (N, C, H/2, W/2), ... to (N, C, 2H, 2W).

        Args:
            maps: the finest first.
            after_level: done to the output of every level.
        """
        joined: Tensor | None = None
        for level, stage in zip(reversed(self.levels), reversed(maps), strict=True):
            joined = after_level(level(joined, stage))
        assert joined is not None  # there are stages
        return joined


class Head(nn.Sequential):
    """Logits at twice the resolution of the last level.

    Args:
        width: channels that come in.
        hidden: channels before the logits.
        outputs: logits per pixel.
    """

    def __init__(self, width: int, hidden: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(width, width // 2, 3, padding=1),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            nn.Conv2d(width // 2, hidden, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden, outputs, 1),
        )
