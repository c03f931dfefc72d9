"""The settings of the AVSBench baseline: its network, its losses, and where the authors' code and the paper differ."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, JsonValue, model_validator

from model.config import (
    BackboneConfig,
    ModelConfig,
    NonNegativeFloat,
    PositiveInt,
    Section,
    TrialConfig,
    Truth,
)

Stage = Literal[1, 2, 3, 4]
"""A map of the pyramid, at stride 4, 8, 16 or 32."""


def _each_once_in_order(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    if list(stages) != sorted(set(stages)):
        raise ValueError(f"stages {list(stages)} are to be named once each, in rising order")
    return stages


class AudioEncoderConfig(Section):
    """Log-mel to one embedding per frame: frozen VGGish (128-d), or a small network trained from scratch."""

    name: Literal["vggish", "compact"] = "vggish"
    width: PositiveInt = 128
    """Channels of the compact encoder's embedding."""


class TPAVIConfig(Section):
    """Temporal pixel-wise audio-visual interaction (AVSBench section 4.2)."""

    stages: Annotated[tuple[Stage, ...], AfterValidator(_each_once_in_order)] = (1, 2, 3, 4)
    """Where sound reaches the pixels; nowhere if empty, which is the visual baseline."""
    inner_width: PositiveInt = 128
    """Channels of theta, phi and g."""


class AVSBenchModelConfig(ModelConfig):
    """The network of the AVSBench baseline."""

    name: Literal["avsbench"] = "avsbench"
    width: PositiveInt = 256
    """Channels of neck, TPAVI and decoder."""
    backbone: BackboneConfig = BackboneConfig(norm="native")
    audio_encoder: AudioEncoderConfig = AudioEncoderConfig()
    tpavi: TPAVIConfig = TPAVIConfig()


class Truths(Section):
    """Where paper and authors' code differ: `official` is the released code, `paper` the text."""

    tpavi_norm: Truth = "official"
    """official: the sum of map and interaction is normalised over its channels; paper: it is not."""
    avss_clips: Truth = "official"
    """official: ten frames, shorter clips padded in training, and sound reaches pixels within five frames; paper: all
    frames of a clip, and no others."""
    avm_reduce: Truth = "official"
    """official: mean over the stages, on S4 and MS3 of sums over the frames; paper: sum over the stages of means."""
    unexecuted_layers: Truth = "official"
    """official: with the layers that the released network holds and never runs; paper: without."""


class LossConfig(Section):
    """Weight of the audio-visual mapping loss (AVSBench section 4.4)."""

    lambda_avm: NonNegativeFloat = 0.0
    """lambda in the paper, `lambda_1` in the released code: 0 on S4, 0.5 on MS3 and AVSS."""


class AVSBenchConfig(TrialConfig):
    """One fully resolved trial of the AVSBench baseline."""

    TRAINED_AUDIO = "model.audio_encoder.name=compact"

    model: AVSBenchModelConfig = AVSBenchModelConfig()
    truths: Truths = Truths()
    loss: LossConfig = LossConfig()

    @model_validator(mode="after")
    def _what_is_mapped_is_heard(self) -> Self:
        if self.loss.lambda_avm and not self.model.tpavi.stages:
            raise ValueError(
                "loss.lambda_avm compares pixels with the sound of model.tpavi.stages, and there are none: set it to 0"
            )
        return self

    @property
    def proposer(self) -> None:
        """No Maskiges: none are read, and none are part of the data's fingerprint."""
        return None

    @property
    def needs_vggish(self) -> bool:
        """See `TrialConfig`."""
        return self.model.audio_encoder.name == "vggish"

    @property
    def imagenet_backbone(self) -> str | None:
        """See `TrialConfig`."""
        backbone = self.model.backbone
        return backbone.name if backbone.weights == "imagenet" else None

    @property
    def description(self) -> dict[str, JsonValue]:
        """See `TrialConfig`: the backbone, and where paper and authors' code differ."""
        return {"backbone": self.model.backbone.name, "truths": self.truths.model_dump(mode="json")}

    def without_pretraining(self) -> Self:
        """See `TrialConfig`."""
        backbone = self.model.backbone.model_copy(update={"weights": "random"})
        return self.model_copy(update={"model": self.model.model_copy(update={"backbone": backbone})})
