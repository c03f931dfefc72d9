"""The settings of COMBO: its network, its losses, and where the authors' code and the paper differ."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from model.combo.first_settings import FIRST_SETTINGS
from model.config import (
    AudioEncoderConfig,
    BackboneConfig,
    Fraction,
    MaskigeDataConfig,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    PretrainedModelConfig,
    PretrainedTrialConfig,
    Section,
    Truth,
)


class SiamEncoderConfig(Section):
    """Image and Maskige encoders and their channel-weighted fusion (COMBO section 3.1, equation 3)."""

    mode: Literal["separate", "shared", "image_only"] = "separate"
    reduction: PositiveInt = 16
    """Squeeze ratio of the channel-weighted block's hidden layer."""


class ComboAudioEncoderConfig(AudioEncoderConfig):
    """The same, and the MLP behind it."""

    width: PositiveInt = 128
    mlp_width: PositiveInt = 4096
    """Hidden width of the MLP that maps the fused audio embedding to query space."""


class PixelDecoderConfig(Section):
    """Multi-scale deformable attention over strides 32, 16, 8 and an FPN level at stride 4."""

    layers: PositiveInt = 6
    heads: PositiveInt = 8
    points: PositiveInt = 4
    ffn_width: PositiveInt = 1024


class FusionConfig(Section):
    """Bilateral-Fusion Module (COMBO section 3.2, equations 4 and 5)."""

    mode: Literal["bilateral", "visual", "audio", "none"] = "bilateral"
    heads: PositiveInt = 8
    dropout: Fraction = 0.1
    layer_scale_init: PositiveFloat = 1e-4


class QueryDecoderConfig(Section):
    """Masked-attention transformer decoder with audio queries (Mask2Former section 3.2)."""

    queries: PositiveInt = 100
    query_mode: Literal["add", "all", "none", "concat"] = "add"
    """`add` sums audio and learnable queries, `all` uses audio only, `none` learnable only, `concat` half of each."""
    layers: PositiveInt = 9
    heads: PositiveInt = 8
    ffn_width: PositiveInt = 2048


class ComboModelConfig(PretrainedModelConfig):
    """The COMBO network."""

    name: Literal["combo"] = "combo"
    width: PositiveInt = 256
    """Channels of the pixel decoder, the mask features and the queries."""
    backbone: BackboneConfig = BackboneConfig()
    siam_encoder: SiamEncoderConfig = SiamEncoderConfig()
    audio_encoder: ComboAudioEncoderConfig = ComboAudioEncoderConfig()
    pixel_decoder: PixelDecoderConfig = PixelDecoderConfig()
    fusion: FusionConfig = FusionConfig()
    query_decoder: QueryDecoderConfig = QueryDecoderConfig()

    @model_validator(mode="after")
    def _heads_divide_widths(self) -> Self:
        for section in ("pixel_decoder", "fusion", "query_decoder"):
            heads = getattr(self, section).heads
            if self.width % heads:
                raise ValueError(f"width {self.width} is not a multiple of {section}.heads {heads}")
        if self.width % 4:
            raise ValueError(f"width {self.width} is not a multiple of 4, which the sine position code needs")
        return self


class Truths(Section):
    """Where paper and authors' code differ: `official` is the released code, `paper` the text."""

    audio_query_expand: Truth = "official"
    """official: (BT,Q,C) is reshaped to (Q,BT,C), so queries get the audio of other frames; paper: of their own."""
    bfm_softmax_axis: Truth = "official"
    """official: both directions normalise over space; paper: each over its own keys."""
    fusion_ablation: Truth = "official"
    """official: 'audio' fusion equals 'bilateral' as released; paper: each one-sided mode changes one side only."""
    channel_weight: Truth = "official"
    """official: squeeze-and-excite gate; paper: one linear map of the pooled Maskige feature."""
    lada_reduce: Truth = "official"
    """official: mean over the four frame pairs; paper: their sum."""
    lada_chunk: Truth = "official"
    """official: chunks of five frames; paper: the whole clip."""


class LossConfig(Section):
    """Weights and sampling of the training loss: Mask2Former's, and L_ada (COMBO section 3.3)."""

    lambda_ada: NonNegativeFloat = 10.0
    class_weight: NonNegativeFloat = 2.0
    mask_weight: NonNegativeFloat = 5.0
    dice_weight: NonNegativeFloat = 5.0
    no_object_weight: NonNegativeFloat = 0.1
    points: PositiveInt = 12544
    oversample: Annotated[float, Field(ge=1, strict=True)] = 3.0
    importance: Fraction = 0.75

    @model_validator(mode="after")
    def _something_is_minimised(self) -> Self:
        if not (self.lambda_ada or self.class_weight or self.mask_weight or self.dice_weight):
            raise ValueError("lambda_ada, class_weight, mask_weight and dice_weight are all 0: nothing is minimised")
        return self


class ComboConfig(PretrainedTrialConfig):
    """One fully resolved trial of COMBO."""

    FIRST_SETTINGS = FIRST_SETTINGS

    model: ComboModelConfig = ComboModelConfig()
    truths: Truths = Truths()
    loss: LossConfig = LossConfig()
    data: MaskigeDataConfig = MaskigeDataConfig()

    @property
    def proposer(self) -> str:
        """See `TrialConfig`; Maskiges are read whatever the Siam encoder makes of them."""
        return self.data.maskige

    @property
    def depends_on_maskiges(self) -> bool:
        """See `TrialConfig`."""
        return self.model.siam_encoder.mode != "image_only"
