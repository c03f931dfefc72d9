"""Hungarian matching of queries with targets (Mask2Former section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional as F

from model.combo.config import LossConfig
from model.combo.points import sample_points
from model.combo.targets import Target
from model.precision import without_autocast


@dataclass(frozen=True)
class Match:
    """Matched pairs of one frame: `queries[i]` predicts `targets[i]`; both (M,) int64."""

    queries: Tensor
    targets: Tensor


@without_autocast
def matching_cost(
    class_logits: Tensor, mask_logits: Tensor, target: Target, points: Tensor, weights: LossConfig
) -> Tensor:
    """Cost of every pair, from class probability, BCE and dice at shared points.

    Args:
        class_logits: (Q, K+1).
        mask_logits: (Q, h, w).
        target: M objects of the frame.
        points: (1, P, 2).
        weights: the class, mask and dice weights.

    Returns:
        (Q, M) float32.
    """
    class_cost = -class_logits.float().softmax(1)[:, target.classes]
    predicted = sample_points(mask_logits.float(), points)
    wanted = sample_points(target.masks, points)

    positive = F.binary_cross_entropy_with_logits(predicted, torch.ones_like(predicted), reduction="none")
    negative = F.binary_cross_entropy_with_logits(predicted, torch.zeros_like(predicted), reduction="none")
    mask_cost = (positive @ wanted.T + negative @ (1 - wanted).T) / predicted.shape[1]

    probability = predicted.sigmoid()
    overlap = 2 * probability @ wanted.T
    dice_cost = 1 - (overlap + 1) / (probability.sum(1)[:, None] + wanted.sum(1)[None] + 1)
    return weights.class_weight * class_cost + weights.mask_weight * mask_cost + weights.dice_weight * dice_cost


@torch.no_grad()
def match(class_logits: Tensor, mask_logits: Tensor, target: Target, points: Tensor, weights: LossConfig) -> Match:
    """The cheapest one-to-one assignment; see `matching_cost`. A query that predicts NaN is matched last."""
    cost = matching_cost(class_logits, mask_logits, target, points, weights)
    rows, columns = linear_sum_assignment(cost.nan_to_num(nan=1e6, posinf=1e6, neginf=-1e6).cpu().numpy())
    device = class_logits.device
    return Match(torch.as_tensor(rows, device=device), torch.as_tensor(columns, device=device))
