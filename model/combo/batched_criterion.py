"""The same losses, all frames and all predictions at once where memory allows: `loss.arithmetic: batched`.

Given the same points, losses and gradients equal those of `SetCriterion` up to rounding. What is held at a time is
bounded: logits by `AT_A_TIME`, candidates by those of one prediction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from model.combo.config import LossConfig, Truths
from model.combo.consistency import pair_weights, weighted_consistency
from model.combo.criterion import SetCriterion
from model.combo.matcher import Costs, Matches, finite
from model.combo.points import Draw, PointCounts, sample_points, uncertain_points
from model.combo.query_decoder import Prediction
from model.combo.targets import Targets
from model.transfers import read, to_device

AT_A_TIME = {"cpu": 2**21, "cuda": 2**25}
"""Logits that are compared at a time, by kind of device: few for the cache of a CPU, many for a GPU, whose 128 MiB are
held about four times. One frame, or one chunk of L_ada, is compared at once in any case."""


class BatchedCriterion(SetCriterion):
    """See `SetCriterion`."""

    def __init__(self, config: LossConfig, truths: Truths, classes: int) -> None:
        super().__init__(config, truths, classes)
        self._mask_costs, self._points_and_labels = mask_costs, points_and_labels
        self._entropy_and_dice, self._weighted_consistency = entropy_and_dice, weighted_consistency

    def compile(self) -> None:
        """Compiles costs and losses when they are first used, each as one graph.

        Their shapes are symbols, since the number of objects differs from batch to batch; sizes of one and two are not,
        and compile anew. Between costs and losses lies the assignment, which is the host's.
        """
        compiled = partial(torch.compile, dynamic=True)
        self._mask_costs, self._points_and_labels = compiled(mask_costs), compiled(points_and_labels)
        self._entropy_and_dice = compiled(entropy_and_dice)
        self._weighted_consistency = compiled(weighted_consistency)

    def _costs(self, supervised: list[Prediction], targets: Targets, draw: Draw) -> Costs:
        padded = _padded(targets)
        costs = [
            self._costs_of_frames(one, targets, padded, points)
            for one, points in zip(supervised, draw.matching, strict=True)
        ]
        host = read(finite(torch.stack(costs))).numpy()
        return [[cost[:, :count] for cost, count in zip(one, targets.counts, strict=True)] for one in host]

    def _costs_of_frames(self, prediction: Prediction, targets: Targets, padded: Tensor, points: Tensor) -> Tensor:
        """(F, Q, M) of one prediction; see `matching_cost`. Last columns of frames with few objects mean nothing."""
        queries = prediction.mask_logits.shape[1]
        step = max(1, AT_A_TIME[points.device.type] // (queries * points.shape[1]))
        parts = zip(prediction.mask_logits.split(step), padded.split(step), points.split(step), strict=True)
        found = [
            self._mask_costs(mask_logits, targets.masks[objects], places) for mask_logits, objects, places in parts
        ]
        mask_cost, dice_cost = zip(*found, strict=True)
        class_cost = -prediction.class_logits.softmax(2).gather(2, targets.ids[padded][:, None].expand(-1, queries, -1))
        weights = self.config
        return (
            weights.class_weight * class_cost
            + weights.mask_weight * torch.cat(mask_cost)
            + weights.dice_weight * torch.cat(dice_cost)
        )

    def _class_losses(self, supervised: list[Prediction], matches: Matches, divisor: float) -> Sequence[Tensor]:
        logits = torch.stack([one.class_logits for one in supervised])
        weight = self._class_weight(logits)
        entropy = F.cross_entropy(logits.flatten(0, 2), matches.classes.flatten(), weight, reduction="none")
        return (entropy.view(len(logits), -1).sum(1) / divisor).unbind()

    def _mask_losses(
        self, supervised: list[Prediction], targets: Targets, matches: Matches, draw: Draw, masks: float
    ) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        found = [one.mask_logits.flatten(0, 1)[rows] for one, rows in zip(supervised, matches.queries, strict=True)]
        certain = PointCounts.of(self.config).certain
        with torch.no_grad():
            rows = zip(found, matches.targets, draw.candidates, draw.others, strict=True)
            compared = [
                self._points_and_labels(logits, targets.masks[objects], candidates, others, certain)
                for logits, objects, candidates, others in rows
            ]
        points, labels = (torch.cat(parts) for parts in zip(*compared, strict=True))
        bce, dice = self._entropy_and_dice(torch.cat(found), points, labels)
        of_bce, of_dice = (part.view(len(found), -1).sum(1) / masks for part in (bce, dice))
        return of_bce.unbind(), of_dice.unbind()

    def _consistency(self, mask_logits: Tensor, chunks: list[int]) -> Tensor:
        most = AT_A_TIME[mask_logits.device.type] // mask_logits[0].numel()
        groups = list(_groups(chunks, most))
        parts = mask_logits.split([sum(group) for group in groups])
        terms = [
            self._weighted_consistency(part, pair_weights(group, self.truths.lada_reduce, part.device))
            for part, group in zip(parts, groups, strict=True)
        ]
        return torch.stack(terms).sum()


def mask_costs(mask_logits: Tensor, masks: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Mask and dice cost, (F, Q, M) each, of all pairs of a frame.

    Of the two cross entropies, with 1 and with 0, that of 0 is the softplus of a logit, and that of 1 is less by
    the logit. So their sum, each where it belongs, is one of softplus less one of the logits on the object.

    Args:
        mask_logits: (F, Q, h, w).
        masks: (F, M, H, W) of the frame's objects.
        points: (F, P, 2).
    """
    wanted, predicted = _sample_shared(masks, points), _sample_shared(mask_logits, points)
    probability = predicted.sigmoid()
    on_object = wanted.transpose(1, 2)
    entropy = F.softplus(predicted).sum(2, keepdim=True) - predicted @ on_object
    area = probability.sum(2, keepdim=True) + wanted.sum(2)[:, None]
    return entropy / predicted.shape[2], 1 - (2 * probability @ on_object + 1) / (area + 1)


def points_and_labels(
    logits: Tensor, masks: Tensor, candidates: Tensor, others: Tensor, certain: int
) -> tuple[Tensor, Tensor]:
    """Points (N, P, 2) of `uncertain_points`, and (N, P) what the matched masks (N, H, W) are there."""
    points = uncertain_points(logits, candidates, others, certain)
    return points, sample_points(masks, points)


def entropy_and_dice(logits: Tensor, points: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """(N,) binary cross entropy, mean over the points, and dice distance, of logits (N, h, w); see `mask_loss`."""
    values = sample_points(logits, points)
    bce = F.binary_cross_entropy_with_logits(values, labels, reduction="none").mean(1)
    probability = values.sigmoid()
    overlap = 2 * (probability * labels).sum(1)
    return bce, 1 - (overlap + 1) / (probability.sum(1) + labels.sum(1) + 1)


def _sample_shared(maps: Tensor, points: Tensor) -> Tensor:
    """Bilinear values (F, C, P) of all maps (F, C, H, W) of a frame at its points (F, P, 2)."""
    return F.grid_sample(maps, (2 * points - 1)[:, :, None], align_corners=False)[..., 0]


def _groups(lengths: list[int], most: int) -> Iterator[list[int]]:
    """The same lengths in groups that sum to `most` at most, or have one length that is more."""
    group: list[int] = []
    for length in lengths:
        if group and sum(group) + length > most:
            yield group
            group = []
        group.append(length)
    yield group


def _padded(targets: Targets) -> Tensor:
    """(F, M) places of each frame's objects among all, M being the most of any frame; filled up with the first one."""
    most = max(targets.counts)
    rows = torch.zeros(len(targets.counts), most, dtype=torch.int64)
    for row, objects in zip(rows, torch.arange(len(targets)).split(targets.counts), strict=True):
        row[: len(objects)] = objects
    return to_device(rows, targets.ids.device)
