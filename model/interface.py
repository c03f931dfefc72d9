"""What a model is. Start reading here.

A model is a folder of `model/` and a line in `model.registry`, or an installed package with an entry point. What is
outside of that folder or package knows it by this page and by its settings, a class below `model.config.TrialConfig`.
docs/guides/add-a-model.md builds a small one.

BT stands for the frames of a batch of clips, one after the other; K for the classes, background included.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from torch import Tensor, nn

from model.audio.encoder import AudioEncoder
from model.config import TrialConfig
from model.data.batch import Batch
from model.registry import load_model, unusable

Config = TypeVar("Config", bound=TrialConfig)

Gather = Callable[[Tensor], tuple[Tensor, int]]
"""This worker's rows to those of all workers, the first worker's first, and the index where this worker's begin."""


def alone(rows: Tensor) -> tuple[Tensor, int]:
    """The `Gather` of the only worker."""
    return rows, 0


class Network(nn.Module, ABC):
    """The network of one configuration."""

    parts: ClassVar[Mapping[str, str]]
    """The parts that parameters are counted by, and the prefix of their tensors; every tensor belongs to one part."""

    @abstractmethod
    def forward(self, batch: Batch, gather: Gather = alone) -> Any:
        """Whatever `class_scores` and the objective understand.

        Args:
            batch: of which the network takes what it wants. A video that is segmented has no labels.
            gather: for a network that mixes clips, see `mixes_clips`; others leave it alone.
        """

    @abstractmethod
    def class_scores(self, outputs: Any, size: tuple[int, int]) -> Tensor:
        """Scores (BT, K, H, W) in fp32; the class with the highest is the prediction.

        Where K is 2 their softmax is the probability of an object that S4's and MS3's protocols take.

        Args:
            outputs: of `forward`.
            size: height and width of the result.
        """

    def evidence(self, scores: Tensor) -> Tensor:
        """Class scores (..., K, H, W) as amounts that are not negative: themselves, unless they can be.

        Figures show the share of them that is not background's.
        """
        return scores

    def attention(self, outputs: Any, batch: Batch) -> dict[str, Tensor]:  # noqa: ARG002
        """Maps (BT, h, w) from 0 to 1 of how much each position is attended to, each of its own size; none by default.

        They are stored with the predictions of a few clips. Figures find them by their names, such as `correlation-1`:
        lower-case letters and digits, joined by hyphens.

        Args:
            outputs: of `forward` in evaluation mode.
            batch: what it was given.
        """
        return {}

    @property
    @abstractmethod
    def uses_every_parameter(self) -> bool:
        """Whether a backward pass reaches all trainable parameters; data-parallel training must know."""

    @property
    def frozen_audio_encoder(self) -> AudioEncoder | None:
        """An encoder that is not trained: every clip is encoded once, and `forward` gets embeddings, no log-mel."""
        return None

    @property
    def mixes_clips(self) -> bool:
        """Whether what is predicted for a frame depends on other clips of the batch."""
        return False

    def shared_rows(self, batch: Batch) -> Tensor:
        """For a network that mixes clips: one row per frame, (BT, 1, C), which is all that other clips know of it.

        `forward` passes them to `gather`. Training in micro-batches computes them first, then again for the gradients.
        """
        raise NotImplementedError(f"{type(self).__name__} does not mix clips")

    def refusal_to_split(self) -> str:
        """Why several workers or micro-batches would change what is computed, and what to do; empty if they do not.

        By default they would where there is batch normalisation. A network with other layers that look at a whole batch
        says so here; so does one that keeps its batch normalisation in evaluation mode.
        """
        whole = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
        path = next((path for path, module in self.named_modules() if isinstance(module, whole)), None)
        if path is None:
            return ""
        return (
            f"batch normalisation in {path} would see only a part of each batch, which changes the result: "
            "train with one worker and without micro-batches"
        )


class Objective(Protocol):
    """What training minimises. Losses of the parts of a batch, each divided by counts of the whole, add up."""

    def supervise(self, batch: Batch, step: int) -> Any:
        """What the labels of a part of a batch say, and whatever is drawn at random; computed once per step.

        Args:
            batch: on the device.
            step: optimiser step, counted from 0. Randomness is a function of seed, step and the clips' positions.
        """
        ...

    def counts(self, parts: Sequence[Any]) -> Sequence[float]:
        """What the losses of these supervised parts together are divided by; averaged over workers thereafter."""
        ...

    def losses(self, outputs: Any, supervision: Any, counts: Sequence[float]) -> dict[str, Tensor]:
        """Unweighted losses of a part by name, in fp32. What stands before the first underscore is the kind of loss."""
        ...

    def weighted_sum(self, losses: Mapping[str, Tensor]) -> Tensor:
        """The scalar that is minimised."""
        ...


@runtime_checkable
class CompilableObjective(Objective, Protocol):
    """An objective with losses that gain by `torch.compile`."""

    def compile(self) -> None:
        """Has them compiled when they are first used; they change by rounding at most."""
        ...


@dataclass(frozen=True)
class OfficialForm(Generic[Config]):
    """The authors' state dict of a network."""

    names: Callable[[Config, Iterable[str]], dict[str, tuple[str, ...]]]
    """From the names of our state dict to the official ones; two where theirs holds a tensor twice, none for VGGish in
    a file of its own. Raises a `CheckpointError` where the authors' code has no such network."""
    extras: Callable[[Config], dict[str, Tensor]]
    """What only the authors' state dict holds, with the values that their code gives it."""
    departures: Callable[[Config], list[str]]
    """Settings under which the authors' code computes something else, such as `truths.lada_chunk=paper`."""
    entry: str = ""
    """Under which name the authors' files hold the state dict; empty where the file is the state dict itself."""


@dataclass(frozen=True)
class Model(Generic[Config]):
    """A model as a whole."""

    build: Callable[[Config], Network]
    objective: Callable[[Config], Objective]
    official: OfficialForm[Config] | None = None
    """None for a network that nobody published."""
    counts_explained: Mapping[int, str] = field(default_factory=dict)
    """By number of all parameters, how papers count those of such a network; other networks are not in papers."""


def model_of(config: TrialConfig) -> Model[Any]:
    """The model that a configuration belongs to.

    Raises:
        ModelError: the package that brings it cannot be used.
    """
    name = config.model.name
    model = load_model(name)
    if not isinstance(model, Model):
        raise unusable(name, f"what it names as its model is no {Model.__module__}.Model")
    return model
