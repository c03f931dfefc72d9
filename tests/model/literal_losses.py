"""COMBO's matching and losses as the authors' code goes through them: frame by frame, prediction by prediction.

Each frame's objects are looked for on the device, each cost matrix is read by itself, each mask's points are drawn when
they are needed. `model.combo.criterion` must give the same numbers to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional as F

from model.combo.config import LossConfig, Truths
from model.combo.consistency import chunk_lengths, consistency_terms
from model.combo.criterion import dice_loss, mask_loss
from model.combo.matcher import matching_cost
from model.combo.points import KeyedPoints, sample_points
from model.combo.query_decoder import Prediction
from model.config import IGNORED

Objects = tuple[Tensor, Tensor]
"""Class ids (M,) and masks (M, H, W) of a frame."""
Pairs = tuple[Tensor, Tensor]
"""Queries and the objects that they are matched with, (M,) each."""


def literal_losses(
    predictions: Sequence[Prediction],
    labels: Tensor,
    annotated: Tensor,
    clip_lengths: list[int],
    points: KeyedPoints,
    config: LossConfig,
    truths: Truths,
    classes: int,
) -> dict[str, Tensor]:
    """Losses of a whole batch by name, as `SetCriterion` gives them.

    Args:
        predictions: the last is the final one.
        labels: (F, H, W) class ids of annotated frames.
        annotated: (BT,) bool.
        clip_lengths: frames of each clip.
        points: nothing of them drawn before.
        config: weights and point sampling.
        truths: how L_ada is cut and reduced.
        classes: K.
    """
    objects = [_objects(frame) for frame in labels]
    masks, queries = sum(len(ids) for ids, _ in objects), len(objects) * predictions[0].class_logits.shape[1]
    *earlier, final = predictions
    losses: dict[str, Tensor] = {}
    for suffix, prediction in [("", final), *((f"_{index}", one) for index, one in enumerate(earlier))]:
        logits, maps = prediction.class_logits[annotated], prediction.mask_logits[annotated]
        pairs = [
            _match(logits[frame], maps[frame], one, points.rows([frame], config.points), config)
            for frame, one in enumerate(objects)
        ]
        divisor = masks + config.no_object_weight * (queries - masks)
        losses[f"ce{suffix}"] = _cross_entropy(logits, objects, pairs, classes, config.no_object_weight) / divisor
        values, wanted = _at_uncertain_points(maps, objects, pairs, points, config)
        losses[f"mask{suffix}"] = mask_loss(values, wanted, max(masks, 1.0))
        losses[f"dice{suffix}"] = dice_loss(values, wanted, max(masks, 1.0))
    for index, prediction in enumerate(earlier):
        chunks = chunk_lengths(clip_lengths, truths.lada_chunk)
        total, count = consistency_terms(prediction.mask_logits, chunks, truths.lada_reduce)
        losses[f"consistency_{index}"] = total / count
    return losses


def _objects(labels: Tensor) -> Objects:
    present = labels.unique()
    present = present[present != IGNORED]
    return present, (labels == present[:, None, None]).float()


@torch.no_grad()
def _match(logits: Tensor, maps: Tensor, objects: Objects, points: Tensor, config: LossConfig) -> Pairs:
    cost = matching_cost(logits, maps, *objects, points, config)
    rows, columns = linear_sum_assignment(cost.nan_to_num(nan=1e6, posinf=1e6, neginf=-1e6).cpu().numpy())
    return torch.as_tensor(rows, device=logits.device), torch.as_tensor(columns, device=logits.device)


def _cross_entropy(
    logits: Tensor, objects: list[Objects], pairs: list[Pairs], no_object: int, no_object_weight: float
) -> Tensor:
    wanted = torch.full(logits.shape[:2], no_object, device=logits.device)
    for frame, ((ids, _), (queries, targets)) in enumerate(zip(objects, pairs, strict=True)):
        wanted[frame, queries] = ids[targets]
    weight = logits.new_ones(no_object + 1)
    weight[no_object] = no_object_weight
    return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), weight, reduction="sum")


def _at_uncertain_points(
    maps: Tensor, objects: list[Objects], pairs: list[Pairs], points: KeyedPoints, config: LossConfig
) -> tuple[Tensor, Tensor]:
    """Logits and labels (N, P) of the matched masks."""
    frames = [frame for frame, (queries, _) in enumerate(pairs) for _ in range(len(queries))]
    logits = torch.cat([maps[frame, queries] for frame, (queries, _) in enumerate(pairs)])
    wanted = torch.cat([masks[targets] for (_, masks), (_, targets) in zip(objects, pairs, strict=True)])
    with torch.no_grad():
        candidates = points.rows(frames, int(config.points * config.oversample))
        certain = int(config.importance * config.points)
        nearest = sample_points(logits, candidates).abs().topk(certain, dim=1, largest=False).indices
        chosen = candidates.gather(1, nearest[:, :, None].expand(-1, -1, 2))
        places = torch.cat((chosen, points.rows(frames, config.points - certain)), dim=1)
        labels = sample_points(wanted, places)
    return sample_points(logits, places), labels
