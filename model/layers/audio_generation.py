"""Bidirectional generation (arXiv 2308.08288): audio features of a frame, from what is segmented in it."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from model.transfers import to_device

OFFSET = 1e-6
"""Added to differences of audio features before they are squared."""


class AudioGeneration(nn.Module):
    """Visual-to-audio projection: three convolutions without bias, and one weight per position for all channels.

    It is linear throughout, as released.

    Args:
        width: channels of the maps.
        audio_width: channels of the audio features.
        positions: of the maps.
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

    def forward(self, maps: Tensor, mask: Tensor) -> Tensor:
        """The generated audio features (BT, A).

        Args:
            maps: (BT, C, h, w) of the coarsest stage.
            mask: (BT, 1, H, W), of which the mean around each position counts.
        """
        height, width = maps.shape[2:]
        masked = maps * F.adaptive_avg_pool2d(mask, (height, width))
        return self.mask_decoder(self.mask_encoder(masked).flatten(2)).squeeze(2)


def labelled_mask(annotated: Tensor, labels: Tensor, like: Tensor) -> Tensor:
    """The labelled object as a mask of zeros and ones, (BT, 1, H, W); zeros for frames without labels.

    Args:
        annotated: (BT,) which frames have labels, on the host.
        labels: (annotated frames, H, W) class ids.
        like: (BT, 1, H, W), for the type and the device.
    """
    objects = (labels == 1).to(like.dtype)[:, None]
    of_frame = (annotated.cumsum(0) - 1).clamp(min=0)
    shown = objects[to_device(of_frame, like.device)]
    return shown * to_device(annotated, like.device).view(-1, 1, 1, 1)


def consistency_loss(audio_features: Tensor, generated: Tensor) -> Tensor:
    """Distance of two audio features (BT, A) of unit length, summed over frames.

    Only the generated ones are moved: a trained audio encoder would become whatever is easiest to generate.
    """
    real, generated = F.normalize(audio_features.detach(), dim=1), F.normalize(generated, dim=1)
    return F.pairwise_distance(real, generated, eps=OFFSET).sum()
