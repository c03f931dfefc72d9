"""The network of the AVSBench baseline: frames and sound to logits per pixel."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from model.audio.choice import build_audio_encoder
from model.audio.encoder import AudioEncoder
from model.avsbench.config import AVSBenchConfig
from model.avsbench.frames import Frames
from model.data.batch import Batch
from model.interface import Gather, Network, alone
from model.layers.audio_generation import AudioGeneration, labelled_mask
from model.layers.backbones import STRIDES, Backbone
from model.layers.dilated_sum import DilatedSum
from model.layers.imagenet_pixels import ImageNetPixels
from model.layers.object_logits import object_scores
from model.layers.panoptic_fpn import Decoder, Head
from model.layers.tpavi import TPAVI
from model.numerics import numerics_of

HEAD_WIDTH = 32
NECK_DEVIATION = 0.01
"""Standard deviation of the neck's first weights."""
UNEXECUTED_STAGES = ("layer3", "layer4")
"""The stages of a ResNet that the released network holds twice."""


@dataclass(frozen=True)
class Segmentation:
    """What the network says of BT frames.

    Attributes:
        logits: (BT, K, H, W); where there is but an object and background, (BT, 1, H, W), the object's.
        maps: (BT, C, H/s, W/s) for every stage with TPAVI, as the mapping loss compares them.
        sound: (BT, C) for the same stages, aligned with them.
        coarsest: (BT, C, H/32, W/32) that the decoder starts from.
        audio_features: (BT, A) what the audio encoder made of the sound.
        generated: (BT, A) the same as generated from the coarsest maps; None where that is not trained.
    """

    logits: Tensor
    maps: list[Tensor]
    sound: list[Tensor]
    coarsest: Tensor
    audio_features: Tensor
    generated: Tensor | None = None


class AVSBenchNetwork(Network):
    """The AVSBench baseline as configured.

    Args:
        config: the trial; its `model`, `truths` and task decide the network.
    """

    parts: ClassVar = {
        "backbone": "backbone.",
        "unexecuted_stages": "unexecuted_stages.",
        "audio_encoder": "audio_encoder.",
        "neck": "neck.",
        "tpavi": "tpavi.",
        "decoder": "decoder.",
        "head": "head.",
        "generation": "generation.",
    }

    def __init__(self, config: AVSBenchConfig) -> None:
        super().__init__()
        model, truths = config.model, config.truths
        self.truths, self.is_avss = truths, config.data.task == "avss"
        self.normalise = ImageNetPixels()
        self.backbone = Backbone(model.backbone, numerics_of(config))
        as_released = truths.unexecuted_layers == "official"
        self.unexecuted_stages = _unexecuted_stages(self.backbone) if as_released else nn.ModuleDict()
        self.audio_encoder = build_audio_encoder(model.audio_encoder.name, model.audio_encoder.width)
        audio_width = self.audio_encoder.width
        self.neck = nn.ModuleList(
            DilatedSum(channels, model.width, bias=True, deviation=NECK_DEVIATION)
            for channels in self.backbone.channels
        )
        self.tpavi = nn.ModuleDict(
            {
                str(stage): TPAVI(
                    model.width,
                    model.tpavi.inner_width,
                    audio_width,
                    align_bias=not self.is_avss,
                    output_norm=truths.tpavi_norm == "official",
                )
                for stage in model.tpavi.stages
            }
        )
        self.decoder = Decoder(model.width, len(self.neck), unexecuted_unit=as_released)
        self.head = Head(model.width, HEAD_WIDTH, config.classes if config.classes > 2 else 1)
        positions = (config.data.size // STRIDES[-1]) ** 2
        self.generation = AudioGeneration(model.width, audio_width, positions) if model.generation else None
        self.generates_from_labels = config.data.task == "ms3"

    def forward(self, batch: Batch, gather: Gather = alone) -> Segmentation:  # noqa: ARG002 - clips are not mixed
        """Logits at the frames' size, and what the mapping loss compares.

        In training audio features may be generated, on MS3 from what is labelled and on S4 from what is predicted.
        """
        sound = self.audio_encoder.embed(batch.sound)
        segmentation = self.segment(self.normalise(batch.frames), sound, batch.clip_lengths.tolist())
        if self.generation is None or not self.training:
            return segmentation
        mask = segmentation.logits
        if self.generates_from_labels:
            mask = labelled_mask(batch.annotated, batch.labels, mask)
        return replace(segmentation, generated=self.generation(segmentation.coarsest, mask))

    def segment(self, images: Tensor, sound: Tensor, clip_lengths: list[int]) -> Segmentation:
        """The network behind its encoder of sound.

        Args:
            images: (BT, 3, H, W) normalised pixels, H and W multiples of 32.
            sound: (BT, A) what the audio encoder made of each frame's second.
            clip_lengths: frames of each clip.
        """
        as_released = self.truths.avss_clips == "official"
        padded = self.training and self.is_avss and as_released
        frames = Frames(clip_lengths, padded=padded, device=images.device)
        groups = frames.in_fives() if as_released else clip_lengths
        audio_features = sound
        images, sound = frames.pad(images), frames.pad(sound)
        maps = [frames.blank(neck(level)) for neck, level in zip(self.neck, self.backbone(images), strict=True)]
        compared, aligned = [], []
        for name, tpavi in self.tpavi.items():
            stage = int(name) - 1
            mixed, of_stage = tpavi(maps[stage], sound, groups)
            maps[stage] = frames.blank(mixed)
            # The first ReLU of the decoder works in place in the released code, so all but the decoder see its output.
            compared.append(frames.drop_padding(maps[stage].relu()))
            aligned.append(frames.drop_padding(of_stage))
        logits = self.head(self.decoder(maps, frames.blank))
        coarsest = frames.drop_padding(maps[-1].relu())
        return Segmentation(frames.drop_padding(logits), compared, aligned, coarsest, audio_features)

    def class_scores(self, outputs: Segmentation, size: tuple[int, int]) -> Tensor:
        """See `Network`: logits."""
        if not self.is_avss:
            return object_scores(outputs.logits, size)
        return F.interpolate(outputs.logits.float(), size, mode="bilinear", align_corners=False)

    def evidence(self, scores: Tensor) -> Tensor:
        """Probabilities, as logits can be negative."""
        return scores.softmax(-3)

    @property
    def uses_every_parameter(self) -> bool:
        """Not with the layers that the released network never runs, nor if nothing uses a trained audio encoder."""
        uses_sound = bool(self.tpavi) or self.frozen_audio_encoder is not None
        return self.truths.unexecuted_layers == "paper" and uses_sound

    @property
    def frozen_audio_encoder(self) -> AudioEncoder | None:
        """VGGish; the compact encoder is trained."""
        return self.audio_encoder if self.audio_encoder.is_frozen else None

    def refusal_to_split(self) -> str:
        """TPAVI's and the backbone's batch normalisation are trained and would see a part of the batch only."""
        if not any(isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d)) for module in self.modules()):
            return ""
        where = "the backbone" if not self.tpavi else "TPAVI"
        return (
            f"batch normalisation in {where} would see only a part of each batch, which changes the result: "
            "train with one worker and without micro-batches"
        )


def _unexecuted_stages(backbone: Backbone) -> nn.ModuleDict:
    """Copies of a ResNet's last two stages as they are now; nothing for other backbones.

    Weights that a file gives the backbone later reach the stages that run only. Nothing runs the copies.
    """
    stages = dict(backbone.network.named_children())
    return nn.ModuleDict({name: deepcopy(stages[name]) for name in UNEXECUTED_STAGES if name in stages})
