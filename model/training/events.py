"""What the training loop reports, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PIL.Image import Image

from model.metrics.protocol import ClipScore, Score
from model.training.predictions import ClipPrediction
from model.training.previews import ClipPreview


@dataclass(frozen=True)
class Stepped:
    """One optimiser step is done. `step` counts from 1; losses are those of the global batch."""

    step: int
    losses: dict[str, float]
    lr: float
    gradient_norm: float
    """Before clipping."""
    seconds: float


@dataclass(frozen=True)
class Evaluated:
    """The validation split was scored after `step` steps."""

    step: int
    score: Score
    previews: list[ClipPreview] = field(compare=False)
    """The same few clips each time; none on other workers than the first."""


@dataclass(frozen=True)
class Checkpointed:
    """Training can continue from `folder`."""

    step: int
    folder: Path


@dataclass(frozen=True)
class Stopped:
    """Training was asked to end after `step` steps, and can be continued. The last event, on every worker."""

    step: int


@dataclass(frozen=True)
class Quarantined:
    """A clip cannot be used; it is told once. In training another one takes its place, scores leave it out."""

    split: str
    clip: str
    reason: str


@dataclass(frozen=True)
class Tested:
    """Training is over; the test split was scored with the best weights. The last event.

    `clips`, `pictures` and `predictions` are filled on the first worker only; pictures go by file name.
    """

    best_step: int
    folder: Path
    """The best weights."""
    validation: Score
    score: Score
    clips: list[ClipScore]
    pictures: dict[str, Image]
    predictions: list[ClipPrediction]
    """Predictions of the clips that every trial on the same data shows, in their order."""
    parameters: int
    trainable_parameters: int
    seconds_per_clip: float
    """Median time from a test clip's tensors to its class scores, on the device that was trained on."""


Event = Stepped | Evaluated | Checkpointed | Stopped | Quarantined | Tested
