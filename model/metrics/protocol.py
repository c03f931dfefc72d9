"""Named, versioned ways to score a data set. Shards add up exactly: sums and counts, never means of means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Protocol as TypingProtocol

import torch
from torch import Tensor

from model.config import CLASSES, Task
from model.metrics.fscore import f_curve, pooled_f
from model.metrics.jaccard import frame_jaccard
from model.metrics.rules import BATCHED_BINARY, BETA_SQUARED, BINARY, POOL_FREE_BINARY, SEMANTIC, Rules
from model.precision import require_finite


@dataclass(frozen=True)
class ClassScore:
    """What one class adds to the totals of a data set."""

    id: int
    j_sum: float
    """Over the frames in which the class is predicted or present, as is `f_sum`."""
    f_sum: float
    frames: int
    """How many these are."""


@dataclass(frozen=True)
class ClipScore:
    """Scores of one clip in [0, 1]."""

    clip: str
    category: str
    m_j: float
    m_f: float
    frames: int
    empty_frames: int
    """Frames whose truth holds no object."""
    classes: tuple[ClassScore, ...] | None = None
    """Where the data set's score is a mean over classes: each class that occurs in the clip, by its id."""


@dataclass(frozen=True)
class Score:
    """Dataset score as sums and their common count."""

    j_sum: float
    f_sum: float
    count: int

    @property
    def m_j(self) -> float:
        """Region similarity in [0, 1]."""
        return self.j_sum / self.count

    @property
    def m_f(self) -> float:
        """F-score in [0, 1]."""
        return self.f_sum / self.count


class Protocol(TypingProtocol):
    """How scores are computed: totals of single clips, wherever they were predicted, then a `Score` of all."""

    rules: Rules

    def score_clip(self, scores: Tensor, labels: Tensor, clip: str, category: str) -> tuple[ClipScore, Tensor]:
        """One clip's own score and its totals.

        Args:
            scores: (T, K, H, W) class scores.
            labels: (T, H, W) class ids.
            clip: its id.
            category: its category.

        Raises:
            FloatingPointError: a score is NaN or infinite.
        """
        ...

    def dataset_score(self, totals: Sequence[Tensor]) -> Score:
        """The score of a data set.

        Args:
            totals: of its clips, in the order of its index file.
        """
        ...


class BinaryProtocol:
    """S4 and MS3 as released: means over clips; F's best threshold is chosen within each clip.

    A clip's totals are (J, F, 1), float64.
    """

    rules = BINARY

    def score_clip(self, scores: Tensor, labels: Tensor, clip: str, category: str) -> tuple[ClipScore, Tensor]:
        """See `Protocol`."""
        require_finite(scores, f"class scores of clip {clip}")
        probability = scores.float().softmax(1)[:, 1]
        truth = labels == 1
        m_j = float(frame_jaccard(probability > 0.5, truth).mean())
        m_f = pooled_f(probability, truth)
        empty = int((~truth.flatten(1).any(1)).sum())
        record = ClipScore(clip, category, m_j, m_f, len(labels), empty)
        return record, torch.tensor([m_j, m_f, 1.0], dtype=torch.float64)

    def dataset_score(self, totals: Sequence[Tensor]) -> Score:
        """See `Protocol`."""
        j_sum, f_sum, clips = sum_totals(totals).tolist()
        return Score(j_sum, f_sum, int(clips))


class PoolFreeBinaryProtocol(BinaryProtocol):
    """J as `BinaryProtocol`; F with one threshold for the whole split, so that no grouping of frames can be seen in it.

    F curves are averaged over all frames that hold an object, then the best threshold is taken. A clip's totals are (J,
    1, frames with an object, sums of their curves), (3 + 255,) float64.
    """

    rules = POOL_FREE_BINARY

    def score_clip(self, scores: Tensor, labels: Tensor, clip: str, category: str) -> tuple[ClipScore, Tensor]:
        """See `Protocol`. The clip's own F keeps the best threshold of the clip."""
        record, totals = super().score_clip(scores, labels, clip, category)
        return record, torch.cat((totals[[0, 2]], _curve_totals(scores, labels)))

    def dataset_score(self, totals: Sequence[Tensor]) -> Score:
        """See `Protocol`; `f_sum` is F times the number of clips."""
        summed = sum_totals(totals)
        j_sum, clips = summed[:2].tolist()
        return Score(j_sum, _best_f(summed[2:]) * clips, int(clips))


class BatchedBinaryProtocol(BinaryProtocol):
    """S4 and MS3 as AVSBench's released test commands score them: means over batches, a short last one included.

    J is averaged over the frames of a batch; F's best threshold is chosen within it. A clip's totals are (sum of J over
    its frames, frames, frames with an object, sums of their curves), (3 + 255,) float64.

    Args:
        clips: of a batch. With 1 it is `BinaryProtocol`.
    """

    rules = BATCHED_BINARY

    def __init__(self, clips: int = 4) -> None:
        self.clips = clips

    def score_clip(self, scores: Tensor, labels: Tensor, clip: str, category: str) -> tuple[ClipScore, Tensor]:
        """See `Protocol`. The clip's own F keeps the best threshold of the clip."""
        record, _ = super().score_clip(scores, labels, clip, category)
        frames = torch.tensor([record.m_j * record.frames, record.frames], dtype=torch.float64)
        return record, torch.cat((frames, _curve_totals(scores, labels)))

    def dataset_score(self, totals: Sequence[Tensor]) -> Score:
        """See `Protocol`; the sums are over batches, and `count` is their number."""
        batches = [sum_totals(totals[first : first + self.clips]) for first in range(0, len(totals), self.clips)]
        j_sum = fsum(float(batch[0] / batch[1]) for batch in batches)
        return Score(j_sum, fsum(_best_f(batch[2:]) for batch in batches), len(batches))


class SemanticProtocol:
    """AVSS as released: per frame and class, means over the frames in which the class occurs.

    A clip's totals are (3, K) float64: sums of J, sums of F, frames counted per class.
    """

    rules = SEMANTIC

    def __init__(self, classes: int = CLASSES["avss"]) -> None:
        self.classes = classes

    def score_clip(self, scores: Tensor, labels: Tensor, clip: str, category: str) -> tuple[ClipScore, Tensor]:
        """See `Protocol`. The clip's own score is the mean over the classes that occur in it."""
        require_finite(scores, f"class scores of clip {clip}")
        every = torch.arange(self.classes, device=labels.device)[:, None, None, None]
        predicted, present = scores.argmax(1) == every, labels == every
        hit = (predicted & present).sum((2, 3)).double()
        guessed, true = predicted.sum((2, 3)).double(), present.sum((2, 3)).double()
        union = guessed + true - hit
        jaccard = hit / (union + torch.finfo(torch.float64).eps)
        precision, recall = hit / guessed, hit / true
        f = ((1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)).nan_to_num(0.0)
        totals = torch.stack((jaccard.sum(1), f.sum(1), (union > 0).sum(1).double())).cpu()
        occurring = totals[2] > 0
        means = totals[:2, occurring] / totals[2, occurring]
        empty = int((labels == 0).flatten(1).all(1).sum())
        m_j, m_f = (float(mean.mean()) for mean in means)
        return ClipScore(clip, category, m_j, m_f, len(labels), empty, _class_scores(totals)), totals

    def dataset_score(self, totals: Sequence[Tensor]) -> Score:
        """See `Protocol`. The mean runs over all classes, background and never-seen ones included."""
        summed = sum_totals(totals)
        j_means, f_means = (summed[:2] / summed[2]).nan_to_num(0.0).tolist()
        return Score(fsum(j_means), fsum(f_means), summed.shape[1])


def _curve_totals(scores: Tensor, labels: Tensor) -> Tensor:
    """How many frames of a clip hold an object, and the sums of their F curves, (1 + 255,) float64."""
    probability, truth = scores.float().softmax(1)[:, 1], labels == 1
    shown = truth.flatten(1).any(1)
    return torch.cat((shown.sum()[None].double(), f_curve(probability[shown], truth[shown]).sum(0))).cpu()


def _best_f(totals: Tensor) -> float:
    """The best threshold's F of the mean curve; 0 if no frame holds an object."""
    frames = float(totals[0])
    return float(totals[1:].max()) / frames if frames else 0.0


def _class_scores(totals: Tensor) -> tuple[ClassScore, ...]:
    """The classes that occur, from a clip's totals (3, K)."""
    columns = enumerate(totals.t().tolist())
    return tuple(ClassScore(index, j_sum, f_sum, int(frames)) for index, (j_sum, f_sum, frames) in columns if frames)


PROTOCOLS: dict[Task, tuple[Callable[[], Protocol], ...]] = {
    "s4": (BinaryProtocol, PoolFreeBinaryProtocol, BatchedBinaryProtocol),
    "ms3": (BinaryProtocol, PoolFreeBinaryProtocol, BatchedBinaryProtocol),
    "avss": (SemanticProtocol,),
}
"""Protocols of each task; tables are filled by the first."""


def protocol_for(task: Task, name: str | None = None) -> Protocol:
    """The authors' protocol of a task, or another one that fits it.

    Args:
        task: what is scored.
        name: of the protocol, with or without its version (`avsbench-binary`, `avsbench-binary@1`).

    Raises:
        ValueError: no protocol of that name and version scores this task; the message lists those that do.
    """
    known = {protocol.rules.label: protocol for protocol in (make() for make in PROTOCOLS[task])}
    if name is None:
        return next(iter(known.values()))
    for label, protocol in known.items():
        if name in (label, protocol.rules.name):
            return protocol
    raise ValueError(f"no protocol '{name}' scores {task.upper()}: use {' or '.join(known)}")


def sum_totals(totals: Sequence[Tensor]) -> Tensor:
    """Correctly rounded sum of clip totals, so that neither their order nor their sharding can be seen in it."""
    stacked = torch.stack(list(totals))
    columns = stacked.flatten(1).t().tolist()
    return torch.tensor([fsum(column) for column in columns], dtype=torch.float64).view(stacked.shape[1:])
