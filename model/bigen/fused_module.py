"""Audio-visual fused module: where a map agrees with the sound, it is raised (AVS-BiGen equation 1)."""

from __future__ import annotations

from torch import Tensor, nn

from model.config import Truth


class FusedModule(nn.Module):
    """The fused module of one level.

    Args:
        width: channels of maps and sound.
        truth: how the product of both is reduced, see `BigenTruths.audio_correlation`.
    """

    def __init__(self, width: int, truth: Truth) -> None:
        super().__init__()
        self.sums_positions = truth == "paper"
        hidden = width // 4
        self.reduce = nn.Conv2d(width, hidden, 1, bias=False)
        self.context = nn.Conv2d(hidden, hidden, 7, padding=3, bias=False)
        self.attention = nn.Conv2d(hidden, 1, 1, bias=False)

    def forward(self, maps: Tensor, audio: Tensor) -> Tensor:
        """Maps (BT, C, H, W) to between one and two times of them.

        Args:
            maps: their channels of unit length.
            audio: (BT, C) of unit length.
        """
        agreement = maps * audio[:, :, None, None]
        if self.sums_positions:
            agreement = agreement.sum((2, 3), keepdim=True)
        return maps * (1 + self.attention(self.context(self.reduce(agreement))).sigmoid())
