"""The AVS-BiGen network: frames and sound to logits of the sounding object, and back to the audio features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from model.audio.choice import build_audio_encoder
from model.audio.encoder import AudioEncoder
from model.bigen.config import BigenConfig, BigenModelConfig
from model.bigen.correlation_attention import CorrelationAttention
from model.bigen.decoder import Decoder, PaperDecoder, ResidualBlock
from model.bigen.fused_module import FusedModule
from model.bigen.neck import Neck
from model.bigen.unit_length import unit_length
from model.data.batch import Batch
from model.interface import Gather, Network, alone
from model.layers.audio_generation import AudioGeneration, labelled_mask
from model.layers.backbones import STRIDES, Backbone
from model.layers.imagenet_pixels import ImageNetPixels
from model.layers.object_logits import object_scores
from model.layers.tpavi import TPAVI
from model.numerics import numerics_of


@dataclass(frozen=True)
class Segmented:
    """What the network says of BT frames.

    Attributes:
        logits: (BT, 1, H, W) of the sounding object.
        fused: four maps (BT, C, H/s, W/s), s = 4, 8, 16, 32, behind the audio-visual fusion.
        audio: (BT, C) as it was fused with the maps.
        audio_features: (BT, A) what the audio encoder made of the sound.
        generated: (BT, A) the same as generated from the frames; None where that is not trained.
    """

    logits: Tensor
    fused: list[Tensor]
    audio: Tensor
    audio_features: Tensor
    generated: Tensor | None


class Bigen(Network):
    """AVS-BiGen as configured.

    Args:
        config: the trial; its `model`, `truths`, task and size decide the network.
    """

    parts: ClassVar = {
        "backbone": "backbone.",
        "audio_encoder": "audio_encoder.",
        "neck": "neck.",
        "audio_projection": "audio_projection.",
        "fusion": "fusion.",
        "motion": "motion.",
        "decoder": "decoder.",
        "mask_encoder": "generation.mask_encoder.",
        "mask_decoder": "generation.mask_decoder.",
        "unused": "unused.",
    }

    def __init__(self, config: BigenConfig) -> None:
        super().__init__()
        model, self.truths = config.model, config.truths
        width, stages = model.width, len(STRIDES)
        self.generates_from_labels = config.data.task == "ms3"
        self.normalise = ImageNetPixels()
        self.backbone = Backbone(model.backbone, numerics_of(config))
        self.audio_encoder = build_audio_encoder(model.audio_encoder.name, width)
        audio_width = self.audio_encoder.width
        self.neck = Neck(self.backbone.channels, model)
        self.fusion_form = model.fusion
        self.fusion: nn.ModuleList | None = None
        if model.fusion != "none":
            self.fusion = nn.ModuleList(self._fusion_of_a_stage(model) for _ in range(stages))
        self.motion = CorrelationAttention(stages) if model.motion else None
        as_released = self.truths.decoder == "official"
        self.decoder = Decoder(width, stages) if as_released else PaperDecoder(width, stages)
        positions = (config.data.size // STRIDES[-1]) ** 2
        self.generation = AudioGeneration(width, audio_width, positions) if model.generation else None
        projection, projects = nn.Linear(audio_width, width), self.truths.audio_projection == "paper"
        self.audio_projection = projection if projects else None
        # In the authors' state dict and parameter count, but in no computation of theirs.
        self.unused = nn.ModuleDict({"decoder_block": ResidualBlock(width)} if as_released else {})
        if not projects:
            self.unused["audio_projection"] = projection

    def forward(self, batch: Batch, gather: Gather = alone) -> Segmented:  # noqa: ARG002
        """Segments the frames and, in training, generates audio features from what is segmented or, on MS3, labelled.

        Args:
            batch: its sound is log-mel, or what the audio encoder made of it before.
            gather: not needed.
        """
        clip_lengths = batch.clip_lengths.tolist()
        features = self.audio_encoder.embed(batch.sound)
        audio = unit_length(features if self.audio_projection is None else self.audio_projection(features))
        maps = [unit_length(one) for one in self.neck(self.backbone(self.normalise(batch.frames)))]
        fused = maps if self.fusion is None else self._fused(self.fusion, maps, audio, clip_lengths)
        moving = fused if self.motion is None else self.motion(fused, clip_lengths)
        logits = self.decoder(moving)
        generated = None
        if self.training and self.generation is not None:
            generated = self.generation(moving[-1], self._sounding(logits, batch))
        return Segmented(logits, fused, audio, features, generated)

    def class_scores(self, outputs: Segmented, size: tuple[int, int]) -> Tensor:
        """See `Network`. Zero and the logit, so that their softmax is the sigmoid of the logit."""
        return object_scores(outputs.logits, size)

    def evidence(self, scores: Tensor) -> Tensor:
        """See `Network`; logits can be negative, probabilities cannot."""
        return scores.softmax(-3)

    def attention(self, outputs: Segmented, batch: Batch) -> dict[str, Tensor]:
        """See `Network`. By stage, the finest first: `audio-visual-1` of the fused module, `correlation-1` of motion.

        Each is the gate by which a module raises its maps. The maps that the fused module raises have unit length, so
        the length of what leaves it is one plus its gate.
        """
        found: dict[str, Tensor] = {}
        for stage, fused in enumerate(outputs.fused, start=1):
            if self.fusion is not None and isinstance(self.fusion[stage - 1], FusedModule):
                found[f"audio-visual-{stage}"] = (fused.norm(dim=1) - 1).clamp(0, 1)
        if self.motion is not None:
            gates = self.motion.attention(outputs.fused, batch.clip_lengths.tolist())
            found |= {f"correlation-{stage}": gate[:, 0] for stage, gate in enumerate(gates, start=1)}
        return found

    @property
    def uses_every_parameter(self) -> bool:
        """Never as released, where there are layers that nothing uses; and the network is not split between workers."""
        return False

    @property
    def frozen_audio_encoder(self) -> AudioEncoder | None:
        """VGGish; the compact encoder is trained."""
        return self.audio_encoder if self.audio_encoder.is_frozen else None

    def refusal_to_split(self) -> str:
        """The decoder's batch normalisation would see a part of the batch only."""
        return (
            "the batch normalisation of bigen would see only a part of each batch, which changes the result: "
            "train with one worker and without micro-batches"
        )

    def _fusion_of_a_stage(self, model: BigenModelConfig) -> FusedModule | TPAVI:
        if model.fusion == "tpavi":
            return TPAVI(model.width, model.width // 2, None)
        return FusedModule(model.width, self.truths.audio_correlation)

    def _fused(self, fusion: nn.ModuleList, maps: list[Tensor], audio: Tensor, clip_lengths: list[int]) -> list[Tensor]:
        if self.fusion_form == "tpavi":
            return [module(one, audio, clip_lengths)[0] for module, one in zip(fusion, maps, strict=True)]
        return [module(one, audio) for module, one in zip(fusion, maps, strict=True)]

    def _sounding(self, logits: Tensor, batch: Batch) -> Tensor:
        """Where the object that sounds is, (BT, 1, H, W): as labelled on MS3, as predicted on S4."""
        if self.generates_from_labels:
            return labelled_mask(batch.annotated, batch.labels, logits)
        return logits.sigmoid() if self.truths.s4_mask == "paper" else logits
