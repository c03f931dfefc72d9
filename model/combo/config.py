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
    """Two encoders for frames and Maskiges, one for both, or frames only."""
    reduction: PositiveInt = 16
    """Squeeze ratio of the channel-weighted block's hidden layer."""


class ComboAudioEncoderConfig(AudioEncoderConfig):
    """The same, and the MLP behind it."""

    width: PositiveInt = 128
    """Values of the embedding of one frame's sound."""
    mlp_width: PositiveInt = 4096
    """Hidden width of the MLP that maps the fused audio embedding to query space."""


class PixelDecoderConfig(Section):
    """Multi-scale deformable attention over strides 32, 16, 8 and an FPN level at stride 4."""

    layers: PositiveInt = 6
    """Layers of deformable attention."""
    heads: PositiveInt = 8
    """Attention heads; they divide `model.width`."""
    points: PositiveInt = 4
    """Sampling points of each head on each level."""
    ffn_width: PositiveInt = 1024
    """Hidden width of the feed-forward part of a layer."""
    sampling: Literal["plain", "fastest"] = "plain"
    """plain: the reference, as COMBO's first trials here; fastest: the form of deformable sampling that is fastest for
    the device and the shapes. They differ by rounding."""


class FusionConfig(Section):
    """Bilateral-Fusion Module (COMBO section 3.2, equations 4 and 5)."""

    mode: Literal["bilateral", "visual", "audio", "none"] = "bilateral"
    """Which features are updated from which; `model.combo.bilateral_fusion` says what each mode does."""
    heads: PositiveInt = 8
    """Attention heads; they divide `model.width`."""
    dropout: Fraction = 0.1
    """Share of values that dropout sets to 0."""
    layer_scale_init: PositiveFloat = 1e-4
    """What the update is multiplied by at first; learnt from there on."""


class QueryDecoderConfig(Section):
    """Masked-attention transformer decoder with audio queries (Mask2Former section 3.2)."""

    queries: PositiveInt = 100
    """Number of queries, each of which proposes a mask."""
    query_mode: Literal["add", "all", "none", "concat"] = "add"
    """`add` sums audio and learnable queries, `all` uses audio only, `none` learnable only, `concat` half of each."""
    layers: PositiveInt = 9
    """Layers of the decoder."""
    heads: PositiveInt = 8
    """Attention heads; they divide `model.width`."""
    ffn_width: PositiveInt = 2048
    """Hidden width of the feed-forward part of a layer."""


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
    """Weight of the adaptive consistency loss between frames; 0 leaves it out."""
    class_weight: NonNegativeFloat = 2.0
    """Weight of the classification loss."""
    mask_weight: NonNegativeFloat = 5.0
    """Weight of the binary cross-entropy of masks."""
    dice_weight: NonNegativeFloat = 5.0
    """Weight of the Dice loss of masks."""
    no_object_weight: NonNegativeFloat = 0.1
    """Weight of the class "no object" within the classification loss."""
    points: PositiveInt = 12544
    """Points at which a mask is compared with the truth."""
    oversample: Annotated[float, Field(ge=1, strict=True)] = 3.0
    """So many times more points are drawn, of which the uncertain ones are taken."""
    importance: Fraction = 0.75
    """Share of the points that are taken for their uncertainty; the others are drawn at random."""
    arithmetic: Literal["per_frame", "batched"] = "per_frame"
    """per_frame: as COMBO's first trials here; batched: all frames and predictions at once, with other random points.
    Given the same points they differ by rounding."""

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
    def is_known_to_divide(self) -> bool:
        """See `TrialConfig`: nothing but a backbone has batch normalisation."""
        return self.model.backbone.norm in ("frozen_batch", "group")

    @property
    def depends_on_maskiges(self) -> bool:
        """See `TrialConfig`."""
        return self.model.siam_encoder.mode != "image_only"
