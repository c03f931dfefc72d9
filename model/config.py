"""The resolved configuration of one trial: everything that changes the science, nothing else.

Every section is frozen and refuses unknown keys. Where the authors' code and the paper differ the choice is a
named switch in `Truths`. This module imports no torch, so that planning and reporting stay light.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION: Final = 1

Task = Literal["s4", "ms3", "avss"]
Truth = Literal["official", "paper"]
Precision = Literal["fp32", "bf16", "fp16"]

CLASSES: dict[Task, int] = {"s4": 2, "ms3": 2, "avss": 71}
"""Classes per task, background (class 0) included."""

# Strict: a quoted number or `true` in a file is a mistake, not a number.
# Below a billion: products and quotients of such numbers stay within what files, tensors and floats hold.
PositiveInt = Annotated[int, Field(gt=0, lt=10**9, strict=True)]
PositiveFloat = Annotated[float, Field(gt=0, strict=True)]
NonNegativeFloat = Annotated[float, Field(ge=0, strict=True)]
Fraction = Annotated[float, Field(ge=0, le=1, strict=True)]
Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True)]


class Section(BaseModel):
    """A frozen group of settings; unknown keys and NaN are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class BackboneConfig(Section):
    """A timm `features_only` pyramid with maps at strides 4, 8, 16 and 32 (COMBO section 3.1)."""

    name: str = "resnet50.tv_in1k"
    """Any timm model name whose `features_only` form gives the four strides."""
    weights: Literal["imagenet", "random"] = "imagenet"
    norm: Literal["frozen_batch", "group", "native"] = "frozen_batch"
    """`frozen_batch` keeps ImageNet statistics fixed, `group` replaces batch by group normalisation."""
    drop_path: Fraction = 0.0


class SiamEncoderConfig(Section):
    """Image and Maskige encoders and their channel-weighted fusion (COMBO section 3.1, equation 3)."""

    mode: Literal["separate", "shared", "image_only"] = "separate"
    reduction: PositiveInt = 16
    """Squeeze ratio of the channel-weighted block's hidden layer."""


class AudioEncoderConfig(Section):
    """Log-mel to one 128-d embedding per frame: frozen VGGish, or a small network trained from scratch."""

    name: Literal["vggish", "compact"] = "vggish"
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


class ModelConfig(Section):
    """The COMBO network."""

    width: PositiveInt = 256
    """Channels of the pixel decoder, the mask features and the queries."""
    backbone: BackboneConfig = BackboneConfig()
    siam_encoder: SiamEncoderConfig = SiamEncoderConfig()
    audio_encoder: AudioEncoderConfig = AudioEncoderConfig()
    pixel_decoder: PixelDecoderConfig = PixelDecoderConfig()
    fusion: FusionConfig = FusionConfig()
    query_decoder: QueryDecoderConfig = QueryDecoderConfig()

    @model_validator(mode="after")
    def _heads_divide_widths(self) -> ModelConfig:
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
    """official: (BT,Q,C) is reshaped to (Q,BT,C), so queries hear other frames; paper: every query its own frame."""
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
    def _something_is_minimised(self) -> LossConfig:
        if not (self.lambda_ada or self.class_weight or self.mask_weight or self.dice_weight):
            raise ValueError("lambda_ada, class_weight, mask_weight and dice_weight are all 0: nothing is minimised")
        return self


class OptimConfig(Section):
    """Adam or AdamW with a polynomial schedule."""

    algorithm: Literal["adamw", "adam"] = "adamw"
    """adamw: as released; adam: as the paper says, with the weight decay added to the gradient."""
    lr: PositiveFloat = 1e-4
    backbone_lr_factor: PositiveFloat = 0.1
    weight_decay: NonNegativeFloat = 0.05
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    clip_norm: PositiveFloat = 0.01
    poly_power: NonNegativeFloat = 0.9


class DataConfig(Section):
    """Which clips, and how they are shown to the network."""

    task: Task = "s4"
    size: PositiveInt = 224
    """Side of the square network input, pixels; a multiple of 32."""
    augment: Literal["scale_crop_colour_flip", "colour_flip", "flip", "none"] = "scale_crop_colour_flip"
    maskige: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")] = "semantic-sam"
    """Name of the proposer whose Maskiges are read."""
    silent_clips: Literal["left_out", "kept"] = "left_out"
    """Clips without any sound: left out like damaged ones, or trained on and scored, as the authors do."""
    fingerprint: str = ""
    """Digest of the data set's content; empty until a data folder is known."""

    @model_validator(mode="after")
    def _size_fits_the_pyramid(self) -> DataConfig:
        if self.size % 32:
            raise ValueError(f"size {self.size} is not a multiple of 32, the coarsest stride of the pyramid")
        return self


class TrainingConfig(Section):
    """How long and on how much."""

    iterations: PositiveInt = 90_000
    batch: PositiveInt = 8
    """Clips per optimiser step over all workers."""
    evaluate_every: PositiveInt = 5_000
    """Steps between validations; the best validation score selects the checkpoint that is tested."""
    precision: Precision = "fp32"


class TrialConfig(Section):
    """One fully resolved trial. Its canonical JSON is what the trial key hashes."""

    schema_version: Literal[1] = SCHEMA_VERSION
    seed: Seed = 0
    initial_trial: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    """Key of the trial whose best checkpoint gives the initial weights."""
    model: ModelConfig = ModelConfig()
    truths: Truths = Truths()
    loss: LossConfig = LossConfig()
    optim: OptimConfig = OptimConfig()
    training: TrainingConfig = TrainingConfig()
    data: DataConfig = DataConfig()

    @property
    def classes(self) -> int:
        """Number of classes K, background included."""
        return CLASSES[self.data.task]
