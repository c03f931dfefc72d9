"""The settings of the AVSBench baseline: its network, its losses, and where the authors' code and the paper differ."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from model.avsbench.first_settings import FIRST_SETTINGS
from model.config import (
    AudioEncoderConfig,
    BackboneConfig,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    PretrainedModelConfig,
    PretrainedTrialConfig,
    Section,
    Switch,
    Truth,
)

Stage = Literal[1, 2, 3, 4]
"""A map of the pyramid, at stride 4, 8, 16 or 32."""


def _each_once_in_order(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    if list(stages) != sorted(set(stages)):
        raise ValueError(f"stages {list(stages)} are to be named once each, in rising order")
    return stages


class AVSBenchAudioEncoderConfig(AudioEncoderConfig):
    """The same, of any width."""

    width: PositiveInt = 128
    """Channels of the compact encoder's embedding."""


class TPAVIConfig(Section):
    """Temporal pixel-wise audio-visual interaction (AVSBench section 4.2)."""

    stages: Annotated[tuple[Stage, ...], AfterValidator(_each_once_in_order)] = (1, 2, 3, 4)
    """Where sound reaches the pixels; nowhere if empty, which is the visual baseline."""
    inner_width: PositiveInt = 128
    """Channels of theta, phi and g."""


class AVSBenchModelConfig(PretrainedModelConfig):
    """The network of the AVSBench baseline."""

    name: Literal["avsbench"] = "avsbench"
    width: PositiveInt = 256
    """Channels of neck, TPAVI and decoder."""
    backbone: BackboneConfig = BackboneConfig(norm="native")
    audio_encoder: AVSBenchAudioEncoderConfig = AVSBenchAudioEncoderConfig()
    tpavi: TPAVIConfig = TPAVIConfig()
    generation: Switch = False
    """Whether AVS-BiGen's visual-to-audio projection is trained beside it, on S4 and MS3. AVSBench itself has none."""


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
    """Weights of the losses beside segmentation: audio-visual mapping (AVSBench section 4.4), and consistency."""

    lambda_avm: NonNegativeFloat = 0.0
    """lambda in the paper, `lambda_1` in the released code: 0 on S4, 0.5 on MS3 and AVSS."""
    eta: PositiveFloat = 1.0
    """Weight of the consistency loss between audio features and generated ones, if `model.generation` is true."""


class AVSBenchConfig(PretrainedTrialConfig):
    """One fully resolved trial of the AVSBench baseline."""

    FIRST_SETTINGS = FIRST_SETTINGS

    model: AVSBenchModelConfig = AVSBenchModelConfig()
    truths: Truths = Truths()
    loss: LossConfig = LossConfig()

    @model_validator(mode="after")
    def _losses_fit_the_network(self) -> Self:
        if self.loss.lambda_avm and not self.model.tpavi.stages:
            raise ValueError(
                "loss.lambda_avm compares pixels with the sound of model.tpavi.stages, and there are none: set it to 0"
            )
        if self.model.generation and self.data.task == "avss":
            raise ValueError(
                "model.generation is made for data.task s4 or ms3, where an object is segmented and no classes are: "
                "set it to false"
            )
        return self

    @property
    def proposer(self) -> None:
        """No Maskiges: none are read, and none are part of the data's fingerprint."""
        return None
