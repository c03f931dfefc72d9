"""Audio-visual mapping loss: what is segmented should be like what sounds (AVSBench section 4.4)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def mapping_divergences(logits: Tensor, maps: Tensor, sound: Tensor) -> Tensor:
    """Kullback-Leibler divergence of each frame's masked map from its sound, (BT,).

    Both are softmax distributions over channels. The masked map is averaged over all of its pixels.

    Args:
        logits: (BT, K, H, W) at full size; K is 1 where there is but an object.
        maps: (BT, C, h, w) of a stage.
        sound: (BT, C) aligned with them.
    """
    masked = (maps * _foreground(logits, (maps.shape[2], maps.shape[3]))).mean((2, 3))
    target, log_target = sound.softmax(1), sound.log_softmax(1)
    return (target * (log_target - masked.log_softmax(1))).sum(1)


def _foreground(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """(BT, 1, h, w): the object's probability, of averaged logits; or the share of pixels that no background wins.

    The share carries no gradient.
    """
    if logits.shape[1] == 1:
        return F.adaptive_avg_pool2d(logits, size).sigmoid()
    return F.adaptive_avg_pool2d((logits.argmax(1, keepdim=True) != 0).to(logits.dtype), size)
