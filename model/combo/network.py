"""The COMBO network: frames, Maskiges and sound to classes and masks per query."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.audio.compact import CompactAudioEncoder
from model.audio.vggish import VGGish
from model.combo.bilateral_fusion import BilateralFusion
from model.combo.pixel_decoder import PixelDecoder
from model.combo.query_decoder import Gather, Prediction, QueryDecoder, alone
from model.combo.siam_encoder import SiamEncoder
from model.config import TrialConfig
from model.layers.mlp import MLP

PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_STD = (58.395, 57.12, 57.375)
MEMORY_LEVELS = 3
EMBEDDED = 2
"""Dimensions of sound that has passed the audio encoder."""


@dataclass(frozen=True)
class Encoded:
    """Frames before the query decoder.

    Attributes:
        memory: three maps (BT, C, H/s, W/s) for s = 32, 16, 8.
        mask_features: (BT, C, H/4, W/4), fused with the audio.
        audio: (BT, 1, C), or (BT, 1, C/2) when queries are concatenated.
    """

    memory: list[Tensor]
    mask_features: Tensor
    audio: Tensor


class Combo(nn.Module):
    """COMBO as configured.

    Args:
        config: the trial; its `model`, `truths` and task decide the network.
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, config: TrialConfig) -> None:
        super().__init__()
        model, truths = config.model, config.truths
        self.siam_encoder = SiamEncoder(model.backbone, model.siam_encoder, truths.channel_weight)
        self.audio_encoder: nn.Module
        if model.audio_encoder.name == "vggish":
            self.audio_encoder = VGGish()
            audio_width = VGGish.width
        else:
            audio_width = model.audio_encoder.width
            self.audio_encoder = CompactAudioEncoder(audio_width)
        self.pixel_decoder = PixelDecoder(self.siam_encoder.channels, model.width, model.pixel_decoder)
        self.fusion = BilateralFusion(
            model.width, audio_width, model.fusion, truths.bfm_softmax_axis, truths.fusion_ablation
        )
        query_width = model.width // 2 if model.query_decoder.query_mode == "concat" else model.width
        self.audio_mlp = MLP(audio_width, model.audio_encoder.mlp_width, query_width)
        self.query_decoder = QueryDecoder(
            model.width, config.classes, MEMORY_LEVELS, model.query_decoder, truths.audio_query_expand
        )
        self.register_buffer("pixel_mean", torch.tensor(PIXEL_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("pixel_std", torch.tensor(PIXEL_STD).view(3, 1, 1), persistent=False)

    @property
    def uses_every_parameter(self) -> bool:
        """Whether a backward pass reaches all trainable parameters; data-parallel training must know."""
        hears = self.query_decoder.config.query_mode != "none"
        return hears and self.fusion.uses_every_parameter and self.query_decoder.uses_every_parameter

    def forward(self, frames: Tensor, maskiges: Tensor, sound: Tensor, gather: Gather = alone) -> list[Prediction]:
        """Segments every frame.

        Args:
            frames: (BT, 3, H, W) RGB in 0..255, H and W multiples of 32.
            maskiges: (BT, 3, H, W) RGB in 0..255.
            sound: (BT, 1, 96, 64) log-mel, one example per frame, or (BT, A) what the audio encoder made of it before.
            gather: joins the audio of a batch that is spread over workers; see `QueryDecoder`.

        Returns:
            Predictions of the initial queries and after every decoder layer; the last is the final one.
        """
        encoded = self.encode(frames, maskiges, sound)
        return self.query_decoder(encoded.memory, encoded.mask_features, encoded.audio, gather)

    def encode(self, frames: Tensor, maskiges: Tensor, sound: Tensor) -> Encoded:
        """What every frame by itself gives the query decoder; see `forward` for the arguments."""
        maps = self.siam_encoder(self._normalise(frames), self._normalise(maskiges))
        pixels = self.pixel_decoder(maps)
        heard = sound if sound.ndim == EMBEDDED else self.audio_encoder(sound)
        visual, audio = self.fusion(pixels.mask_features, heard[:, None])
        return Encoded(pixels.memory, visual, self.audio_mlp(audio))

    def _normalise(self, pixels: Tensor) -> Tensor:
        return (pixels - self.pixel_mean) / self.pixel_std
