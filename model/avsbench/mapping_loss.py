"""Audio-visual mapping loss: what is segmented should be like what sounds (AVSBench section 4.4)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from model.avsbench.config import LossConfig

SMALLEST_COUNT = 1e-6
"""Added to the number of positions that a threshold leaves."""


def mapping_distances(logits: Tensor, maps: Tensor, sound: Tensor, form: LossConfig) -> Tensor:
    """How far each frame's masked map is from its sound, (BT,).

    Args:
        logits: (BT, K, H, W) at full size; K is 1 where there is but an object.
        maps: (BT, C, h, w) of a stage.
        sound: (BT, C) aligned with them.
        form: its `avm_` settings.
    """
    masked = _masked_mean(maps, _foreground(logits, form, (maps.shape[2], maps.shape[3])), form)
    if form.avm_features == "unit_length":
        masked, sound = F.normalize(masked, dim=1), F.normalize(sound, dim=1)
    if form.avm_distance == "euclidean":
        return F.pairwise_distance(sound, masked)
    target, log_target = sound.softmax(1), sound.log_softmax(1)
    return (target * (log_target - masked.log_softmax(1))).sum(1)


def _masked_mean(maps: Tensor, mask: Tensor, form: LossConfig) -> Tensor:
    """(BT, C), over all positions whatever the mask, or over those that a threshold leaves."""
    if form.avm_mask != "threshold":
        return (maps * mask).mean((2, 3))
    kept = (mask > 0.5).to(maps.dtype)
    return (maps * kept).sum((2, 3)) / (kept.sum((2, 3)) + SMALLEST_COUNT)


def _foreground(logits: Tensor, form: LossConfig, size: tuple[int, int]) -> Tensor:
    """(BT, 1, h, w): the object's probability, of pooled logits; or the share of pixels that no background wins.

    The share carries no gradient.
    """
    if logits.shape[1] == 1:
        return _pooled(logits, form, size).sigmoid()
    return _pooled((logits.argmax(1, keepdim=True) != 0).to(logits.dtype), form, size)


def _pooled(values: Tensor, form: LossConfig, size: tuple[int, int]) -> Tensor:
    if form.avm_mask == "max":
        largest: Tensor = F.adaptive_max_pool2d(values, size)
        return largest
    return F.adaptive_avg_pool2d(values, size)
