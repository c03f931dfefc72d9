"""Hungarian matching of queries with targets (Mask2Former section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional as F

from model.combo.config import LossConfig
from model.combo.points import sample_points
from model.combo.targets import Targets
from model.precision import without_autocast
from model.transfers import read, to_device

WORST = 1e6
"""Cost of what is not finite: a query that predicts NaN is matched last."""
Costs = Sequence[Sequence[NDArray[np.floating]]]
"""(Q, M) of each prediction and frame, on the host."""


@dataclass(frozen=True)
class Matches:
    """Which query predicts which object, for each of L predictions of F frames with Q queries.

    Attributes:
        queries: (L, N) int64, frame * Q + query; frame after frame, ascending.
        targets: (L, N) int64, the object of each, by its place in `Targets`.
        classes: (L, F, Q) int64, the class that each query is to give; no-object for those without an object.
    """

    queries: Tensor
    targets: Tensor
    classes: Tensor


@without_autocast
def matching_cost(
    class_logits: Tensor, mask_logits: Tensor, ids: Tensor, masks: Tensor, points: Tensor, weights: LossConfig
) -> Tensor:
    """Cost of every pair of one frame, from class probability, BCE and dice at shared points.

    Args:
        class_logits: (Q, K+1).
        mask_logits: (Q, h, w).
        ids: (M,) int64 classes of the frame's objects.
        masks: (M, H, W), theirs.
        points: (1, P, 2).
        weights: the class, mask and dice weights.

    Returns:
        (Q, M) float32.
    """
    class_cost = -class_logits.float().softmax(1)[:, ids]
    predicted = sample_points(mask_logits.float(), points)
    wanted = sample_points(masks, points)

    positive = F.binary_cross_entropy_with_logits(predicted, torch.ones_like(predicted), reduction="none")
    negative = F.binary_cross_entropy_with_logits(predicted, torch.zeros_like(predicted), reduction="none")
    mask_cost = (positive @ wanted.T + negative @ (1 - wanted).T) / predicted.shape[1]

    probability = predicted.sigmoid()
    overlap = 2 * probability @ wanted.T
    dice_cost = 1 - (overlap + 1) / (probability.sum(1)[:, None] + wanted.sum(1)[None] + 1)
    return weights.class_weight * class_cost + weights.mask_weight * mask_cost + weights.dice_weight * dice_cost


def read_costs(costs: Sequence[Sequence[Tensor]]) -> Costs:
    """Costs (Q, M) of all predictions and frames on the host, in one copy."""
    flat = finite(torch.cat([cost.flatten() for frames in costs for cost in frames]))
    sizes = [cost.numel() for frames in costs for cost in frames]
    parts = iter(np.split(read(flat).numpy(), np.cumsum(sizes[:-1])))
    return [[next(parts).reshape(cost.shape) for cost in frames] for frames in costs]


def finite(costs: Tensor) -> Tensor:
    """Costs that can be compared; see `WORST`."""
    return costs.nan_to_num(nan=WORST, posinf=WORST, neginf=-WORST)


def assign(costs: Costs, targets: Targets, no_object: int, device: torch.device) -> Matches:
    """The cheapest one-to-one assignment of each prediction and frame, on the device in one copy."""
    count, queries = len(costs), len(costs[0][0])
    first = np.cumsum([0, *targets.counts])
    classes = np.full((count, len(targets.present), queries), no_object)
    pairs: list[list[NDArray[np.int64]]] = []
    for prediction, frames in enumerate(costs):
        for frame, cost in enumerate(frames):
            rows, columns = linear_sum_assignment(cost)
            classes[prediction, frame, rows] = np.asarray(targets.present[frame], dtype=np.int64)[columns]
            pairs.append([rows + frame * queries, columns + first[frame]])
    matched = [np.concatenate(one) for one in zip(*pairs, strict=True)]
    parts = to_device(torch.from_numpy(np.concatenate([*matched, classes.ravel()])), device)
    found = parts.split([len(matched[0]), len(matched[1]), classes.size])
    return Matches(found[0].view(count, -1), found[1].view(count, -1), found[2].view(classes.shape))
