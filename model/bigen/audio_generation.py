"""Visual-to-audio projection: the sound of a frame, from the features of what is segmented in it."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class AudioGeneration(nn.Module):
    """Linear throughout: three convolutions without bias, and one weight per position that all channels share.

    Args:
        width: channels of the features.
        audio_width: channels of the sound.
        positions: of the features' map.
    """

    def __init__(self, width: int, audio_width: int, positions: int) -> None:
        super().__init__()
        hidden = width // 2
        self.mask_encoder = nn.Sequential(
            nn.Conv2d(width, hidden, 1, bias=False),
            nn.Conv2d(hidden, hidden, 3, padding=1, bias=False),
            nn.Conv2d(hidden, audio_width, 1, bias=False),
        )
        self.mask_decoder = nn.Linear(positions, 1)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """The generated sound (BT, A).

        Args:
            features: (BT, C, h, w) of the coarsest stage.
            mask: (BT, 1, H, W), of which the mean around each position counts.
        """
        height, width = features.shape[2:]
        masked = features * F.adaptive_avg_pool2d(mask, (height, width))
        return self.mask_decoder(self.mask_encoder(masked).flatten(2)).squeeze(2)
