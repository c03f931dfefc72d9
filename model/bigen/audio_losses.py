"""How far sound is from what is seen: the KL loss at every stage, and the consistency of heard and generated sound.

Neither moves the sound: with a trained audio encoder it would become whatever is easiest to match.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from model.config import Truth

OFFSET = 1e-6
"""Added to differences of sounds before they are squared."""


def kl_loss(maps: Sequence[Tensor], audio: Tensor, logits: Tensor, stages: Truth) -> Tensor:
    """KL divergence from the segmented features to the sound, both of unit length, summed over frames and channels.

    Args:
        maps: (BT, C, H_i, W_i), one per stage.
        audio: (BT, C).
        logits: (BT, 1, H, W), whose mean at each position weights the features.
        stages: official: mean over the stages; paper: their sum.
    """
    sound = F.normalize(audio.detach(), dim=1).softmax(1)
    divergences = []
    for stage in maps:
        height, width = stage.shape[2:]
        mask = F.adaptive_avg_pool2d(logits, (height, width)).sigmoid()
        seen = F.normalize((stage * mask).mean((2, 3)), dim=1).log_softmax(1)
        divergences.append(F.kl_div(seen, sound, reduction="sum"))
    every = torch.stack(divergences)
    return every.sum() if stages == "paper" else every.mean()


def consistency_loss(heard: Tensor, generated: Tensor) -> Tensor:
    """Distance of two sounds (BT, A) of unit length, summed over frames."""
    heard, generated = F.normalize(heard.detach(), dim=1), F.normalize(generated, dim=1)
    return F.pairwise_distance(heard, generated, eps=OFFSET).sum()
