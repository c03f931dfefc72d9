"""The settings of AVS-BiGen: its network, its losses, and where the authors' code and the paper differ."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from model.bigen.first_settings import FIRST_SETTINGS
from model.config import (
    BackboneConfig,
    NonNegativeFloat,
    PositiveInt,
    PretrainedModelConfig,
    PretrainedTrialConfig,
    Section,
    Switch,
    Task,
    Truth,
)

VGGISH_WIDTH = 128


class BigenModelConfig(PretrainedModelConfig):
    """The AVS-BiGen network. Without its switches it is the released one."""

    name: Literal["bigen"] = "bigen"
    width: PositiveInt = 128
    """Channels of all maps behind the neck, and of the audio embedding that they are multiplied with."""
    backbone: BackboneConfig = BackboneConfig(norm="native")
    neck: Literal["basic", "aspp"] = "basic"
    """basic: 1x1, 3x3 and 3x3 convolutions with batch normalisation; aspp: the sum of four dilated convolutions."""
    fusion: Literal["av_corr", "tpavi", "none"] = "av_corr"
    """av_corr: the audio-visual fused module; tpavi: AVSBench's interaction; none: no sound reaches the network."""
    motion: Switch = True
    """Whether the visual correlation attention compares neighbouring frames."""
    generation: Switch = True
    """Whether the visual-to-audio projection generates audio features from what is segmented, in training."""

    @model_validator(mode="after")
    def _widths_fit(self) -> Self:
        if self.width % 4:
            raise ValueError(f"width {self.width} is not a multiple of 4: the fused module has a quarter of it")
        if self.audio_encoder.name == "vggish" and self.width != VGGISH_WIDTH:
            raise ValueError(
                f"width {self.width} is not VGGish's {VGGISH_WIDTH}, whose channels the maps are multiplied with: "
                f"use width {VGGISH_WIDTH} or audio_encoder.name compact"
            )
        return self


class BigenTruths(Section):
    """Where paper and authors' code differ: `official` is the released code, `paper` the text."""

    audio_projection: Truth = "official"
    """official: the sound is only L2-normalised, the linear layer for it stays unused; paper: it passes that layer."""
    audio_correlation: Truth = "official"
    """official: product of maps and sound at every position; paper: equation 1, summed over positions."""
    decoder: Truth = "official"
    """official: blocks with batch normalisation, nearest-neighbour upsampling; paper: the structure of AVSBench's."""
    kl_stages: Truth = "official"
    """official: mean over the four stages; paper: their sum."""
    s4_mask: Truth = "official"
    """Mask of the visual-to-audio projection on S4: official: logits; paper: the predicted mask, probabilities."""


class BigenLossConfig(Section):
    """Weights and form of the training loss."""

    segmentation: Literal["structure", "bce"] = "structure"
    """structure: BCE of smoothed labels and edge-weighted IoU, as released; bce: as the paper says."""
    lambda_kl: NonNegativeFloat = 0.0
    """Weight of the KL loss between audio and segmented features; 0 on S4, 0.5 on MS3."""
    eta: NonNegativeFloat = 1.0
    """Weight of the consistency loss between audio features and those that are generated."""


class BigenConfig(PretrainedTrialConfig):
    """One fully resolved trial of AVS-BiGen."""

    FIRST_SETTINGS = FIRST_SETTINGS
    TASKS: ClassVar[tuple[Task, ...]] = ("s4", "ms3")

    model: BigenModelConfig = BigenModelConfig()
    truths: BigenTruths = BigenTruths()
    loss: BigenLossConfig = BigenLossConfig()

    @property
    def proposer(self) -> None:
        """See `TrialConfig`; no Maskiges are read."""
        return None
