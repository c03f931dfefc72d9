"""KL loss: how far the audio features are from what is segmented, at every stage.

It does not move the audio features: a trained audio encoder would become whatever is easiest to match.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from model.config import Truth


def kl_loss(maps: Sequence[Tensor], audio: Tensor, logits: Tensor, stages: Truth) -> Tensor:
    """KL divergence from segmented to audio features, both of unit length, summed over frames and channels.

    Args:
        maps: (BT, C, H_i, W_i), one per stage.
        audio: (BT, C).
        logits: (BT, 1, H, W), whose mean at each position weights the features.
        stages: official: mean over the stages; paper: their sum.
    """
    target = F.normalize(audio.detach(), dim=1).softmax(1)
    divergences = []
    for stage in maps:
        height, width = stage.shape[2:]
        mask = F.adaptive_avg_pool2d(logits, (height, width)).sigmoid()
        segmented = F.normalize((stage * mask).mean((2, 3)), dim=1).log_softmax(1)
        divergences.append(F.kl_div(segmented, target, reduction="sum"))
    every = torch.stack(divergences)
    return every.sum() if stages == "paper" else every.mean()
