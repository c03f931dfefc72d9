"""The resolved configuration of one trial: everything that changes the science, nothing else.

Here are the sections that models share. Each model adds its own in its folder, such as `model.combo.config`; the
setting `model.name` says which. Every section is frozen and refuses unknown keys. No configuration imports torch, so
that planning and reporting stay light.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ModelWrapValidatorHandler, model_validator

from model.registry import UNNAMED, ModelError, load_config_class, model_names, unusable

SCHEMA_VERSION: Final = 1

Task = Literal["s4", "ms3", "avss"]
Truth = Literal["official", "paper"]
"""Where paper and authors' code differ: `official` is the released code, `paper` the text."""
Precision = Literal["fp32", "bf16", "fp16"]
NumericsVersion = Literal["plain", "fast_1"]
CompileMode = Literal["default", "reduce-overhead"]
"""How `torch.compile` compiles. No part of a trial."""
RECORDING: CompileMode = "reduce-overhead"
"""The mode that records CUDA graphs."""

CLASSES: dict[Task, int] = {"s4": 2, "ms3": 2, "avss": 71}
"""Classes per task, background (class 0) included."""
IGNORED: Final = 255
"""Label of pixels that count nowhere: the padding of training crops."""

# Strict: a quoted number or `true` in a file is a mistake, not a number.
# Below a billion: products and quotients of such numbers stay within what files, tensors and floats hold.
PositiveInt = Annotated[int, Field(gt=0, lt=10**9, strict=True)]
PositiveFloat = Annotated[float, Field(gt=0, strict=True)]
NonNegativeFloat = Annotated[float, Field(ge=0, strict=True)]
Fraction = Annotated[float, Field(ge=0, le=1, strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True)]


class Section(BaseModel):
    """A frozen group of settings; unknown keys and NaN are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, polymorphic_serialization=True)


class BackboneConfig(Section):
    """A timm `features_only` pyramid with maps at strides 4, 8, 16 and 32."""

    name: str = "resnet50.tv_in1k"
    """Any timm model name whose `features_only` form gives the four strides."""
    weights: Literal["imagenet", "random"] = "imagenet"
    """Pre-trained on ImageNet, or random."""
    norm: Literal["frozen_batch", "group", "native"] = "frozen_batch"
    """`frozen_batch` keeps ImageNet statistics fixed, `group` replaces batch by group normalisation."""
    drop_path: Fraction = 0.0
    """Share of residual branches that are left out in training."""


class OptimConfig(Section):
    """Adam or AdamW with a polynomial schedule."""

    algorithm: Literal["adamw", "adam"] = "adamw"
    """adamw: as released; adam: as the paper says, with the weight decay added to the gradient."""
    lr: PositiveFloat = 1e-4
    """Learning rate at the first step."""
    backbone_lr_factor: PositiveFloat = 0.1
    """What parameters of backbones learn at, as a factor of `lr`: those of modules whose path in the network holds
    `backbone`, whatever the model."""
    weight_decay: NonNegativeFloat = 0.05
    """Weight decay of the optimiser."""
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    """Decay of the running means of the gradient and of its square."""
    clip_norm: PositiveFloat | None = 0.01
    """Largest norm of all gradients together; null leaves them as they are."""
    poly_power: NonNegativeFloat = 0.9
    """The rate after a share s of the steps is `lr` times (1 - s) to this power."""


class DataConfig(Section):
    """Which clips, and how they are shown to the network."""

    task: Task = "s4"
    """The AVSBench subset that is trained and scored on."""
    size: PositiveInt = 224
    """Side of the square network input, pixels; a multiple of 32."""
    augment: Literal["scale_crop_colour_flip", "colour_flip", "flip", "none"] = "scale_crop_colour_flip"
    """How pictures are varied in training."""
    silent_clips: Literal["left_out", "kept"] = "left_out"
    """Clips without any sound: left out like damaged ones, or trained on and scored, as the authors do."""
    fingerprint: str = ""
    """Digest of the data set's content; empty until a data folder is known."""

    @model_validator(mode="after")
    def _size_fits_the_pyramid(self) -> DataConfig:
        if self.size % 32:
            raise ValueError(f"size {self.size} is not a multiple of 32, the coarsest stride of the pyramid")
        return self


class MaskigeDataConfig(DataConfig):
    """The same for a network that looks at Maskiges (COMBO section 3.1) beside the frames."""

    maskige: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")] = "semantic-sam"
    """Name of the proposer whose Maskiges are read."""


class TrainingConfig(Section):
    """How long and on how much."""

    iterations: PositiveInt = 90_000
    """Optimiser steps in all."""
    batch: PositiveInt = 8
    """Clips per optimiser step over all workers."""
    evaluate_every: PositiveInt = 5_000
    """Steps between validations; the best validation score selects the checkpoint that is tested."""
    precision: Precision = "fp32"
    """Number format of the forward and backward pass."""
    numerics: NumericsVersion = "plain"
    """plain: the arithmetic of the first trials; fast_1: faster, with other rounding. See `model.numerics`."""


class ModelConfig(Section):
    """What a network consists of; every model has its own."""

    name: str
    """Which model, by its name in `model.registry`."""


class TrialConfig(Section):
    """One fully resolved trial. Its canonical JSON is what the trial key hashes.

    Every model has a class of its own below this one; `TrialConfig.model_validate` gives the class of the model that
    `model.name` names.
    """

    FIRST_SETTINGS: ClassVar[frozenset[str] | None] = None
    """The settings that the model had when its first trials were stored, by dotted key; None if it still has no others.
    A setting that came later is left out of the canonical JSON while it has its default, so that no key moves."""
    TASKS: ClassVar[tuple[Task, ...]] = tuple(CLASSES)
    """The tasks that the model can be trained on."""
    TRAINED_AUDIO: ClassVar[str] = ""
    """The override that trains a small audio encoder instead of the frozen VGGish; empty where there is none."""

    schema_version: Literal[1] = SCHEMA_VERSION
    seed: Seed = 0
    """All random numbers follow from it and from the step."""
    initial_trial: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    """Key of the trial whose best checkpoint gives the initial weights."""
    model: ModelConfig
    optim: OptimConfig = OptimConfig()
    training: TrainingConfig = TrainingConfig()
    data: DataConfig = DataConfig()

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_model(cls, values: Any, handler: ModelWrapValidatorHandler[TrialConfig]) -> TrialConfig:
        """Only this class chooses; the classes below it take what is theirs."""
        if cls is TrialConfig and isinstance(values, Mapping):
            # Another schema may have models that are not known here; that it is another one is what is to be told.
            is_of_this_schema = values.get("schema_version", SCHEMA_VERSION) == SCHEMA_VERSION
            return trial_config_class(values if is_of_this_schema else {}).model_validate(values)
        return handler(values)

    @model_validator(mode="after")
    def _task_is_one_of_its_model(self) -> Self:
        task = self.data.task
        if task not in self.TASKS:
            known = " or ".join(self.TASKS)
            raise ValueError(f"{self.model.name} is not made for data.task {task}: use {known}, or another model.name")
        return self

    @property
    def classes(self) -> int:
        """Number of classes K, background included."""
        return CLASSES[self.data.task]

    @property
    @abstractmethod
    def proposer(self) -> str | None:
        """Name of the proposer whose Maskiges are read; None for a network that looks at none."""

    @property
    def depends_on_maskiges(self) -> bool:
        """Whether other Maskiges would give another prediction."""
        return False

    @property
    def needs_vggish(self) -> bool:
        """Whether the audio encoder is the frozen VGGish, whose AudioSet weights come from a file."""
        return False

    @property
    def is_known_to_divide(self) -> bool:
        """Whether the settings alone tell that workers and micro-batches may share a batch; else the network is built.

        See `model.interface.Network.refusal_to_split`.
        """
        return False

    @property
    def imagenet_backbone(self) -> str | None:
        """The timm name of the backbone that starts from ImageNet weights; None where nothing does."""
        return None

    @property
    def description(self) -> dict[str, JsonValue]:
        """What a prediction says of the network that made it, besides model, task and size."""
        return {}

    def without_pretraining(self) -> Self:
        """The same network without a look for ImageNet weights, for weights that all come from elsewhere."""
        return self


class AudioEncoderConfig(Section):
    """Log-mel to one embedding per frame: frozen VGGish (128-d), or a small network trained from scratch."""

    name: Literal["vggish", "compact"] = "vggish"
    """The frozen VGGish, or a small network that is trained too."""


class PretrainedModelConfig(ModelConfig):
    """A network whose backbone and audio encoder may start from weights that others trained."""

    backbone: BackboneConfig = BackboneConfig()
    audio_encoder: AudioEncoderConfig = AudioEncoderConfig()


class PretrainedTrialConfig(TrialConfig):
    """One fully resolved trial of such a network, with switches where paper and authors' code differ."""

    TRAINED_AUDIO = "model.audio_encoder.name=compact"

    model: PretrainedModelConfig
    truths: Section

    @property
    def needs_vggish(self) -> bool:
        """See `TrialConfig`."""
        return self.model.audio_encoder.name == "vggish"

    @property
    def imagenet_backbone(self) -> str | None:
        """See `TrialConfig`; where there are several backbones they start from the same weights."""
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


def trial_config_class(values: Mapping[str, Any]) -> type[TrialConfig]:
    """The class that nested values are to be read as, by their `model.name`.

    Raises:
        ModelError: there is no such model, or its package cannot be used.
    """
    section = values.get("model", {})
    return config_class(section.get("name", UNNAMED) if isinstance(section, Mapping) else UNNAMED)


def config_class(name: object) -> type[TrialConfig]:
    """The class of the settings of a model.

    Raises:
        ModelError: there is no such model, or its package cannot be used.
    """
    kind = load_config_class(name)
    if not (isinstance(kind, type) and issubclass(kind, TrialConfig)):
        raise unusable(name, f"its settings are no class below {TrialConfig.__module__}.TrialConfig")
    if getattr(kind.model_fields["model"].default, "name", None) != name:
        raise unusable(name, f"{kind.__name__} has no default section `model` of that name")
    return kind


def usable_models() -> list[str]:
    """The models whose settings can be read: ours, and those of packages that can be used."""
    return [name for name in model_names() if _is_usable(name)]


def _is_usable(name: str) -> bool:
    try:
        config_class(name)
    except ModelError:
        return False
    return True
