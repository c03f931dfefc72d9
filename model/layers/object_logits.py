"""Class scores of networks that give one logit per pixel: that of the sounding object."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from model.precision import without_autocast


@without_autocast
def object_scores(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Zero for background and the logit for the object, so that their softmax is the logit's sigmoid.

    Args:
        logits: (N, 1, H, W).
        size: height and width of the result.

    Returns:
        (N, 2, *size) in fp32.
    """
    resized = F.interpolate(logits.float(), size, mode="bilinear", align_corners=False)
    return torch.cat((torch.zeros_like(resized), resized), dim=1)
