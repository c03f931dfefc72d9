"""The same losses, all frames and all predictions at once where memory allows: `loss.arithmetic: batched`.

Given the same points, losses and gradients equal those of `SetCriterion` up to rounding. What is held at a time is
bounded: logits by `AT_A_TIME`, candidates by those of one prediction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from model.combo.consistency import batched_consistency
from model.combo.criterion import SetCriterion
from model.combo.matcher import Costs, Matches, finite
from model.combo.points import Draw, sample_points
from model.combo.query_decoder import Prediction
from model.combo.targets import Targets
from model.transfers import read, to_device

AT_A_TIME = {"cpu": 2**21, "cuda": 2**25}
"""Logits that are compared at a time, by kind of device: few for the cache of a CPU, many for a GPU, whose 128 MiB are
held about four times. One frame, or one chunk of L_ada, is compared at once in any case."""


class BatchedCriterion(SetCriterion):
    """See `SetCriterion`."""

    def _costs(self, supervised: list[Prediction], targets: Targets, draw: Draw) -> Costs:
        padded = _padded(targets)
        costs = [
            self._costs_of_frames(one, targets, padded, points)
            for one, points in zip(supervised, draw.matching, strict=True)
        ]
        host = read(finite(torch.stack(costs))).numpy()
        return [[cost[:, :count] for cost, count in zip(one, targets.counts, strict=True)] for one in host]

    def _costs_of_frames(self, prediction: Prediction, targets: Targets, padded: Tensor, points: Tensor) -> Tensor:
        """(F, Q, M) of one prediction; see `matching_cost`. The last columns of frames with few objects mean nothing.

        Of the two cross entropies, with 1 and with 0, that of 0 is the softplus of a logit, and that of 1 is less by
        the logit. So their sum, each where it belongs, is one of softplus less one of the logits on the object.
        """
        queries = prediction.mask_logits.shape[1]
        step = max(1, AT_A_TIME[points.device.type] // (queries * points.shape[1]))
        parts = zip(prediction.mask_logits.split(step), padded.split(step), points.split(step), strict=True)
        mask_cost, dice_cost = [], []
        for mask_logits, objects, places in parts:
            wanted = _sample_shared(targets.masks[objects], places)
            predicted = _sample_shared(mask_logits, places)
            probability = predicted.sigmoid()
            on_object = wanted.transpose(1, 2)
            entropy = F.softplus(predicted).sum(2, keepdim=True) - predicted @ on_object
            mask_cost.append(entropy / predicted.shape[2])
            area = probability.sum(2, keepdim=True) + wanted.sum(2)[:, None]
            dice_cost.append(1 - (2 * probability @ on_object + 1) / (area + 1))
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
        with torch.no_grad():
            places = [self._uncertain_points(logits, draw, place) for place, logits in enumerate(found)]
            rows = zip(matches.targets, places, strict=True)
            labels = torch.stack([sample_points(targets.masks[objects], points) for objects, points in rows])
        values = sample_points(torch.cat(found), torch.cat(places)).view(labels.shape)
        bce = F.binary_cross_entropy_with_logits(values, labels, reduction="none").mean(2).sum(1) / masks
        probability = values.sigmoid()
        overlap = 2 * (probability * labels).sum(2)
        dice = (1 - (overlap + 1) / (probability.sum(2) + labels.sum(2) + 1)).sum(1) / masks
        return bce.unbind(), dice.unbind()

    def _consistency(self, mask_logits: Tensor, chunks: list[int]) -> Tensor:
        most = AT_A_TIME[mask_logits.device.type] // mask_logits[0].numel()
        groups = list(_groups(chunks, most))
        parts = mask_logits.split([sum(group) for group in groups])
        terms = [
            batched_consistency(part, group, self.truths.lada_reduce) for part, group in zip(parts, groups, strict=True)
        ]
        return torch.stack(terms).sum()


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
