"""How far logits are from labels: cross entropy, and the edge-weighted soft IoU of the structure loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from model.config import IGNORED

SMOOTHING = 0.001
"""How much of a label is spread over both classes."""
EDGE_WINDOW = 31
"""Side of the square in which an edge is seen, pixels."""
EDGE_WEIGHT = 5


def known_pixels(labels: Tensor) -> Tensor:
    """Which pixels of (N, H, W) labels count, bool."""
    return labels != IGNORED


def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float, *, all_known: bool) -> Tensor:
    """Binary cross entropy, summed over the pixels that count.

    Args:
        logits: (N, H, W).
        labels: (N, H, W) class ids.
        smoothing: 0 to 1; the released code writes g (1 - s) + s / 2.
        all_known: whether every pixel counts; else the host waits until the device knows which do.
    """
    wanted = (labels == 1).to(logits.dtype) * (1 - smoothing) + smoothing / 2
    losses = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return losses.sum() if all_known else losses[known_pixels(labels)].sum()


def weighted_iou(logits: Tensor, labels: Tensor) -> Tensor:
    """One minus the soft intersection over union, pixels at edges weighted up to six times; summed over frames.

    Args:
        logits: (N, H, W).
        labels: (N, H, W) class ids.
    """
    truth = (labels == 1).to(logits.dtype)
    weight = edge_weights(truth) * known_pixels(labels)
    probability = logits.sigmoid()
    intersection = (weight * probability * truth).sum((1, 2))
    both = (weight * (probability + truth)).sum((1, 2))
    return (1 - (intersection + 1) / (both - intersection + 1)).sum()


def edge_weights(truth: Tensor) -> Tensor:
    """1 where all pixels around are alike, more the fewer are; masks (N, H, W) in {0, 1} to (N, H, W)."""
    around = F.avg_pool2d(truth[:, None], EDGE_WINDOW, stride=1, padding=EDGE_WINDOW // 2)[:, 0]
    return 1 + EDGE_WEIGHT * torch.abs(around - truth)
