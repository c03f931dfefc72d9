"""The training loss of COMBO: matched class, mask and dice losses of every prediction, and L_ada between frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from model.combo.config import LossConfig, Truths
from model.combo.consistency import chunk_lengths, consistency_terms
from model.combo.matcher import Match, match
from model.combo.points import PointSource, sample_points, uncertain_points
from model.combo.query_decoder import Prediction
from model.combo.targets import Target
from model.precision import without_autocast


@dataclass(frozen=True)
class Supervision:
    """What a batch says about its frames.

    Attributes:
        annotated: (BT,) bool, frames that have a label map.
        targets: one per annotated frame, in order.
        clip_lengths: frames of each clip; they sum to BT.
    """

    annotated: Tensor
    targets: list[Target]
    clip_lengths: list[int]


@dataclass(frozen=True)
class Counts:
    """What losses are divided by: of the whole batch, or its mean over workers whose losses are averaged.

    Attributes:
        masks: targets of all annotated frames.
        frames: annotated frames.
        chunks: pieces that L_ada is cut into.
    """

    masks: float
    frames: float
    chunks: float


class SetCriterion:
    """Losses of all predictions of a batch, or of a part of it: those of its parts add up to those of the whole.

    They are computed in fp32, whatever precision the predictions have.

    Args:
        config: weights and point sampling.
        truths: how L_ada is cut and reduced.
        classes: K; index K is no-object.
    """

    def __init__(self, config: LossConfig, truths: Truths, classes: int) -> None:
        self.config, self.truths, self.no_object = config, truths, classes

    def counts(self, batch: Sequence[Supervision]) -> Counts:
        """What the losses of a batch in parts are divided by."""
        targets = [target for part in batch for target in part.targets]
        chunks = [length for part in batch for length in self._chunks(part)]
        return Counts(sum(len(target.classes) for target in targets), len(targets), len(chunks))

    @without_autocast
    def __call__(
        self, predictions: list[Prediction], supervision: Supervision, points: PointSource, counts: Counts
    ) -> dict[str, Tensor]:
        """Unweighted losses by name: `ce`, `mask`, `dice` of the final prediction, `ce_0`... of earlier ones.

        `consistency_i` comes from the mask logits of the i-th intermediate prediction, all frames; the final one has
        none. See `weighted_sum`.
        """
        *earlier, final = [prediction.float() for prediction in predictions]
        chunks = self._chunks(supervision)
        masks, queries = counts.masks, counts.frames * final.class_logits.shape[1]

        losses: dict[str, Tensor] = {}
        for suffix, prediction in [("", final), *((f"_{i}", p) for i, p in enumerate(earlier))]:
            supervised = Prediction(
                prediction.class_logits[supervision.annotated], prediction.mask_logits[supervision.annotated]
            )
            matched = self._match(supervised, supervision.targets, points)
            losses[f"ce{suffix}"] = self._class_loss(supervised, supervision.targets, matched, masks, queries)
            mask, dice = self._mask_losses(supervised, supervision.targets, matched, points, max(masks, 1.0))
            losses[f"mask{suffix}"], losses[f"dice{suffix}"] = mask, dice
        for index, prediction in enumerate(earlier):
            total, _ = consistency_terms(prediction.mask_logits, chunks, self.truths.lada_reduce)
            losses[f"consistency_{index}"] = total / counts.chunks
        return losses

    def weighted_sum(self, losses: Mapping[str, Tensor]) -> Tensor:
        """The scalar that is minimised. A loss of weight 0 adds 0 to it, also where it is not finite itself.

        Gradients of 0 flow back from there all the same: data-parallel training waits for one of every output.
        """
        weights = {
            "ce": self.config.class_weight,
            "mask": self.config.mask_weight,
            "dice": self.config.dice_weight,
            "consistency": self.config.lambda_ada,
        }
        weighted = [(weights[name.partition("_")[0]], loss) for name, loss in losses.items()]
        return torch.stack([weight * loss if weight else _vanished(loss) for weight, loss in weighted]).sum()

    def _chunks(self, supervision: Supervision) -> list[int]:
        return chunk_lengths(supervision.clip_lengths, self.truths.lada_chunk)

    def _match(self, prediction: Prediction, targets: list[Target], points: PointSource) -> list[Match]:
        return [
            match(
                prediction.class_logits[frame],
                prediction.mask_logits[frame],
                target,
                points.draw([frame], self.config.points),
                self.config,
            )
            for frame, target in enumerate(targets)
        ]

    def _class_loss(
        self, prediction: Prediction, targets: list[Target], matched: list[Match], masks: float, queries: float
    ) -> Tensor:
        wanted = torch.full(prediction.class_logits.shape[:2], self.no_object, device=prediction.class_logits.device)
        for frame, (target, pairs) in enumerate(zip(targets, matched, strict=True)):
            wanted[frame, pairs.queries] = target.classes[pairs.targets]
        logits = prediction.class_logits.flatten(0, 1)
        weight = logits.new_ones(self.no_object + 1)
        weight[self.no_object] = self.config.no_object_weight
        total = F.cross_entropy(logits, wanted.flatten(), weight, reduction="sum")
        # Every target takes exactly one query, so the weights' sum over the batch follows from two counts.
        return total / (masks + self.config.no_object_weight * (queries - masks))

    def _mask_losses(
        self,
        prediction: Prediction,
        targets: list[Target],
        matched: list[Match],
        points: PointSource,
        masks: float,
    ) -> tuple[Tensor, Tensor]:
        """BCE and dice of the matched masks at mostly uncertain points, both summed over masks, divided by `masks`."""
        frames = [frame for frame, pairs in enumerate(matched) for _ in range(len(pairs.queries))]
        logits = torch.cat([prediction.mask_logits[frame, pairs.queries] for frame, pairs in enumerate(matched)])
        wanted = torch.cat([target.masks[pairs.targets] for target, pairs in zip(targets, matched, strict=True)])
        with torch.no_grad():
            places = uncertain_points(
                logits, frames, points, self.config.points, self.config.oversample, self.config.importance
            )
            labels = sample_points(wanted, places)
        values = sample_points(logits, places)
        return mask_loss(values, labels, masks), dice_loss(values, labels, masks)


def _vanished(loss: Tensor) -> Tensor:
    """0, with a gradient of 0."""
    return loss.masked_fill(torch.ones_like(loss, dtype=torch.bool), 0.0)


def mask_loss(logits: Tensor, labels: Tensor, masks: float) -> Tensor:
    """Binary cross entropy (N, P), mean over points, summed over masks, divided by `masks`."""
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="none").mean(1).sum() / masks


def dice_loss(logits: Tensor, labels: Tensor, masks: float) -> Tensor:
    """Dice distance (N, P) smoothed by one, summed over masks, divided by `masks`."""
    probability = logits.sigmoid()
    overlap = 2 * (probability * labels).sum(1)
    return (1 - (overlap + 1) / (probability.sum(1) + labels.sum(1) + 1)).sum() / masks
