"""The COMBO network: frames, Maskiges and sound to classes and masks per query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from model.audio.choice import build_audio_encoder
from model.audio.encoder import AudioEncoder
from model.combo.bilateral_fusion import BilateralFusion
from model.combo.config import ComboConfig
from model.combo.inference import class_scores
from model.combo.pixel_decoder import PixelDecoder
from model.combo.query_decoder import Prediction, QueryDecoder
from model.combo.siam_encoder import SiamEncoder
from model.data.batch import Batch
from model.interface import Gather, Network, alone
from model.layers.imagenet_pixels import ImageNetPixels
from model.layers.mlp import MLP
from model.numerics import numerics_of

MEMORY_LEVELS = 3


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


class Combo(Network):
    """COMBO as configured.

    Args:
        config: the trial; its `model`, `truths` and task decide the network.
    """

    parts: ClassVar = {
        "image_backbone": "siam_encoder.image_backbone.",
        "maskige_backbone": "siam_encoder.maskige_backbone.",
        "channel_weights": "siam_encoder.channel_weights.",
        "audio_encoder": "audio_encoder.",
        "pixel_decoder": "pixel_decoder.",
        "fusion": "fusion.",
        "audio_mlp": "audio_mlp.",
        "query_decoder": "query_decoder.",
    }

    def __init__(self, config: ComboConfig) -> None:
        super().__init__()
        model, truths, numerics = config.model, config.truths, numerics_of(config)
        self.siam_encoder = SiamEncoder(model.backbone, model.siam_encoder, truths.channel_weight, numerics)
        self.audio_encoder = build_audio_encoder(model.audio_encoder.name, model.audio_encoder.width)
        audio_width = self.audio_encoder.width
        self.pixel_decoder = PixelDecoder(self.siam_encoder.channels, model.width, model.pixel_decoder, numerics)
        self.fusion = BilateralFusion(
            model.width, audio_width, model.fusion, truths.bfm_softmax_axis, truths.fusion_ablation
        )
        query_width = model.width // 2 if model.query_decoder.query_mode == "concat" else model.width
        self.audio_mlp = MLP(audio_width, model.audio_encoder.mlp_width, query_width)
        self.query_decoder = QueryDecoder(
            model.width, config.classes, MEMORY_LEVELS, model.query_decoder, truths.audio_query_expand, numerics
        )
        self.normalise = ImageNetPixels()

    def forward(self, batch: Batch, gather: Gather = alone) -> list[Prediction]:
        """Predictions of the initial queries and after every decoder layer; the last is the final one.

        Args:
            batch: with Maskiges. Its sound is log-mel, or what the audio encoder made of it before.
            gather: joins the audio of a batch that is spread over workers; see `QueryDecoder`.
        """
        encoded = self._encode(batch)
        return self.query_decoder(encoded.memory, encoded.mask_features, encoded.audio, gather)

    def class_scores(self, outputs: list[Prediction], size: tuple[int, int]) -> Tensor:
        """See `Network`; of the final prediction."""
        return class_scores(outputs[-1], size)

    @property
    def uses_every_parameter(self) -> bool:
        """See `Network`."""
        has_audio_queries = self.query_decoder.config.query_mode != "none"
        return has_audio_queries and self.fusion.uses_every_parameter and self.query_decoder.uses_every_parameter

    @property
    def frozen_audio_encoder(self) -> AudioEncoder | None:
        """VGGish; the compact encoder is trained."""
        return self.audio_encoder if self.audio_encoder.is_frozen else None

    @property
    def mixes_clips(self) -> bool:
        """Whether queries get the audio of frames other than their own."""
        return self.query_decoder.mixes_frames

    def shared_rows(self, batch: Batch) -> Tensor:
        """The audio embedding of each frame, (BT, 1, C), as it enters the query decoder."""
        return self._encode(batch).audio

    def refusal_to_split(self) -> str:
        """Batch normalisation that is trained would see a part of the batch only."""
        if not any(isinstance(module, nn.BatchNorm2d) for module in self.modules()):
            return ""
        return (
            "the backbone's batch normalisation would see only a part of each batch, which changes the result: "
            "set model.backbone.norm to frozen_batch or group, or train with one worker and without micro-batches"
        )

    def _encode(self, batch: Batch) -> Encoded:
        assert batch.maskiges is not None  # the configuration names a proposer
        return self.encode(batch.frames, batch.maskiges, batch.sound)

    def encode(self, frames: Tensor, maskiges: Tensor, sound: Tensor) -> Encoded:
        """What every frame by itself gives the query decoder.

        Args:
            frames: (BT, 3, H, W) RGB in 0..255, H and W multiples of 32.
            maskiges: (BT, 3, H, W) RGB in 0..255.
            sound: (BT, 1, 96, 64) log-mel, one example per frame, or (BT, A) what the audio encoder made of it before.
        """
        maps = self.siam_encoder(self.normalise(frames), self.normalise(maskiges))
        pixels = self.pixel_decoder(maps)
        embedding = self.audio_encoder.embed(sound)
        visual, audio = self.fusion(pixels.mask_features, embedding[:, None])
        return Encoded(pixels.memory, visual, self.audio_mlp(audio))
