"""Siam-Encoder Module (COMBO section 3.1): image and Maskige pyramids, fused level by level."""

from __future__ import annotations

from torch import Tensor, nn

from model.combo.config import SiamEncoderConfig
from model.config import BackboneConfig, Truth
from model.layers.backbones import Backbone
from model.numerics import PLAIN, Numerics


class ChannelWeight(nn.Module):
    """Channel-weighted block, equation 3: F = F_v + gate(F_m) * F_m.

    Args:
        channels: C of both maps.
        reduction: squeeze ratio of the hidden layer.
        truth: official: sigmoid(W2 ReLU(W1 GAP(F_m))); paper: GAP(F_m) W, one linear map.
    """

    def __init__(self, channels: int, reduction: int, truth: Truth) -> None:
        super().__init__()
        self.gate: nn.Module
        if truth == "paper":
            self.gate = nn.Linear(channels, channels)
        else:
            hidden = max(1, channels // reduction)
            self.gate = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, image: Tensor, maskige: Tensor) -> Tensor:
        """Two maps (N, C, H, W) to the fused map (N, C, H, W)."""
        weight = self.gate(maskige.mean((2, 3)))
        return image + weight[:, :, None, None] * maskige


class SiamEncoder(nn.Module):
    """Four fused maps from a frame and its Maskige.

    Args:
        backbone: the pyramid, built once (`shared`, `image_only`) or twice (`separate`).
        config: encoder mode and gate size.
        truth: form of the channel-weighted block.
        numerics: how the backbones compute.
    """

    def __init__(
        self, backbone: BackboneConfig, config: SiamEncoderConfig, truth: Truth, numerics: Numerics = PLAIN
    ) -> None:
        super().__init__()
        self.mode = config.mode
        self.image_backbone = Backbone(backbone, numerics)
        self.channels = self.image_backbone.channels
        if config.mode == "separate":
            self.maskige_backbone = Backbone(backbone, numerics)
        if config.mode != "image_only":
            self.channel_weights = nn.ModuleList(
                ChannelWeight(channels, config.reduction, truth) for channels in self.channels
            )

    def forward(self, frames: Tensor, maskiges: Tensor) -> list[Tensor]:
        """Normalised (BT, 3, H, W) frames and Maskiges to four maps (BT, C_i, H/s, W/s), s = 4, 8, 16, 32."""
        images = self.image_backbone(frames)
        if self.mode == "image_only":
            return images
        encoder = self.image_backbone if self.mode == "shared" else self.maskige_backbone
        levels = zip(self.channel_weights, images, encoder(maskiges), strict=True)
        return [weight(image, maskige) for weight, image, maskige in levels]
