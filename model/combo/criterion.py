"""The training loss of COMBO: matched class, mask and dice losses of every prediction, and L_ada between frames.

All predictions are matched before any loss is computed: the costs are the one thing of a step that the host waits for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from model.combo.config import LossConfig, Truths
from model.combo.consistency import chunk_lengths, consistency_terms
from model.combo.matcher import Costs, Matches, assign, matching_cost, read_costs
from model.combo.points import Draw, PointCounts, PointSource, sample_points, uncertain_points
from model.combo.query_decoder import Prediction
from model.combo.targets import Targets
from model.precision import without_autocast
from model.transfers import places_of


@dataclass(frozen=True)
class Supervision:
    """What a batch says about its frames.

    Attributes:
        annotated: (F,) int64, the frames that have a label map, on the device; None where all BT have one.
        targets: of these frames.
        clip_lengths: frames of each clip; they sum to BT.
    """

    annotated: Tensor | None
    targets: Targets
    clip_lengths: list[int]

    @classmethod
    def of(cls, annotated: Tensor, targets: Targets, clip_lengths: list[int]) -> Supervision:
        """With `annotated` as (BT,) bool on the host."""
        return cls(places_of(annotated, targets.masks.device), targets, clip_lengths)

    def supervised(self, prediction: Prediction) -> Prediction:
        """What is predicted for annotated frames."""
        if self.annotated is None:
            return prediction
        return Prediction(prediction.class_logits[self.annotated], prediction.mask_logits[self.annotated])


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
        frames = [count for part in batch for count in part.targets.counts]
        chunks = [length for part in batch for length in self._chunks(part)]
        return Counts(sum(frames), len(frames), len(chunks))

    @without_autocast
    def __call__(
        self, predictions: list[Prediction], supervision: Supervision, points: PointSource, counts: Counts
    ) -> dict[str, Tensor]:
        """Unweighted losses by name: `ce`, `mask`, `dice` of the final prediction, `ce_0`... of earlier ones.

        `consistency_i` comes from the mask logits of the i-th intermediate prediction, all frames; the final one has
        none. See `weighted_sum`.
        """
        *earlier, final = [prediction.float() for prediction in predictions]
        supervised = [supervision.supervised(prediction) for prediction in (final, *earlier)]
        queries, targets = final.class_logits.shape[1], supervision.targets
        draw = points.draw(len(supervised), [min(count, queries) for count in targets.counts], self.config)
        with torch.no_grad():
            costs = self._costs(supervised, targets, draw)
            matches = assign(costs, targets, self.no_object, final.class_logits.device)

        # Every target takes exactly one query, so the weights' sum over the batch follows from two counts.
        unmatched = counts.frames * queries - counts.masks
        class_losses = self._class_losses(supervised, matches, counts.masks + self.config.no_object_weight * unmatched)
        mask_losses, dice_losses = self._mask_losses(supervised, targets, matches, draw, max(counts.masks, 1.0))
        losses: dict[str, Tensor] = {}
        for place, suffix in enumerate(["", *(f"_{index}" for index in range(len(earlier)))]):
            losses[f"ce{suffix}"] = class_losses[place]
            losses[f"mask{suffix}"], losses[f"dice{suffix}"] = mask_losses[place], dice_losses[place]
        chunks = self._chunks(supervision)
        for index, prediction in enumerate(earlier):
            losses[f"consistency_{index}"] = self._consistency(prediction.mask_logits, chunks) / counts.chunks
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

    def _costs(self, supervised: list[Prediction], targets: Targets, draw: Draw) -> Costs:
        """What each pair of query and object would cost, of every prediction and frame by itself."""
        frames = list(zip(targets.ids.split(targets.counts), targets.masks.split(targets.counts), strict=True))
        costs = [
            [
                matching_cost(logits, masks, *objects, points[None], self.config)
                for logits, masks, objects, points in zip(
                    one.class_logits, one.mask_logits, frames, places, strict=True
                )
            ]
            for one, places in zip(supervised, draw.matching, strict=True)
        ]
        return read_costs(costs)

    def _class_losses(self, supervised: list[Prediction], matches: Matches, divisor: float) -> Sequence[Tensor]:
        """Cross entropy of every query, summed with the weights of their classes."""
        weight = self._class_weight(supervised[0].class_logits)
        return [
            F.cross_entropy(one.class_logits.flatten(0, 1), wanted.flatten(), weight, reduction="sum") / divisor
            for one, wanted in zip(supervised, matches.classes, strict=True)
        ]

    def _class_weight(self, like: Tensor) -> Tensor:
        weight = like.new_ones(self.no_object + 1)
        # A slice, as PyTorch may write a single element by a copy from the host, which waits.
        weight[self.no_object :] = self.config.no_object_weight
        return weight

    def _mask_losses(
        self, supervised: list[Prediction], targets: Targets, matches: Matches, draw: Draw, masks: float
    ) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """BCE and dice of the matched masks at mostly uncertain points, both summed over masks, divided by `masks`."""
        found = []
        for place, one in enumerate(supervised):
            logits = one.mask_logits.flatten(0, 1)[matches.queries[place]]
            with torch.no_grad():
                places = self._uncertain_points(logits, draw, place)
                labels = sample_points(targets.masks[matches.targets[place]], places)
            values = sample_points(logits, places)
            found.append((mask_loss(values, labels, masks), dice_loss(values, labels, masks)))
        bce, dice = zip(*found, strict=True)
        return bce, dice

    def _uncertain_points(self, logits: Tensor, draw: Draw, place: int) -> Tensor:
        certain = PointCounts.of(self.config).certain
        return uncertain_points(logits, draw.candidates[place], draw.others[place], certain)

    def _consistency(self, mask_logits: Tensor, chunks: list[int]) -> Tensor:
        """L_ada of one prediction, summed over chunks."""
        return consistency_terms(mask_logits, chunks, self.truths.lada_reduce)[0]


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
