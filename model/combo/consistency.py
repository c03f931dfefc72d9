"""Adaptive inter-frame consistency loss L_ada (COMBO section 3.3, equations 6 and 7)."""

from __future__ import annotations

import torch
from torch import Tensor

from model.config import Truth
from model.precision import at_least_fp32, without_autocast
from model.transfers import to_device

CHUNK = 5
"""Frames per chunk of the released code, whatever the clip's length."""
EPSILON = 1e-12


@without_autocast
def consistency_terms(mask_logits: Tensor, lengths: list[int], reduce: Truth) -> tuple[Tensor, int]:
    """Sum over chunks of d * exp(-d), d = 1 - cos of neighbouring frames' mask logits.

    All queries of a frame count as one vector, before any sigmoid. The gradient flows through the exponential too.
    Half-precision logits are computed with in fp32.

    Args:
        mask_logits: (BT, Q, H, W).
        lengths: frames of each chunk, in order; see `chunk_lengths`.
        reduce: official: mean over a chunk's pairs; paper: their sum.

    Returns:
        The sum (a scalar) and the number of chunks, to be divided by the chunks of the whole batch.
    """
    logits = at_least_fp32(mask_logits)
    total = logits.new_zeros(())
    for chunk in logits.flatten(1).split(lengths):
        earlier, later = chunk[:-1], chunk[1:]
        squared = (chunk * chunk).sum(1) + EPSILON
        distance = 1 - (earlier * later).sum(1) / (squared[:-1] * squared[1:]).sqrt()
        terms = distance * torch.exp(-distance)
        total = total + (terms.sum() if reduce == "paper" else terms.mean())
    return total, len(lengths)


@without_autocast
def weighted_consistency(mask_logits: Tensor, weights: Tensor) -> Tensor:
    """The sum of `consistency_terms`, of all chunks at once; equal up to rounding.

    Args:
        mask_logits: (BT, Q, H, W).
        weights: of `pair_weights`, on the same device.
    """
    logits = at_least_fp32(mask_logits).flatten(1)
    squared = (logits * logits).sum(1) + EPSILON
    cosine = (logits[:-1] * logits[1:]).sum(1) / (squared[:-1] * squared[1:]).sqrt()
    return ((1 - cosine) * torch.exp(cosine - 1) * weights).sum()


def pair_weights(lengths: list[int], reduce: Truth, device: torch.device) -> Tensor:
    """(BT - 1,): what each pair of neighbouring frames weighs; 0 for the last of a chunk and the first of the next."""
    weights = [[1.0 if reduce == "paper" else 1 / (length - 1)] * (length - 1) for length in lengths]
    return to_device(torch.tensor([weight for chunk in weights for weight in (*chunk, 0.0)][:-1]), device)


def chunk_lengths(clip_lengths: list[int], chunk: Truth) -> list[int]:
    """How a batch's frames are cut: official: every five frames; paper: each clip whole.

    Raises:
        ValueError: a clip cannot be cut into chunks of five.
    """
    if chunk == "paper":
        return clip_lengths
    if any(length % CHUNK for length in clip_lengths):
        raise ValueError(
            f"clips of {clip_lengths} frames cannot be cut into chunks of {CHUNK}; set truths.lada_chunk=paper"
        )
    return [CHUNK] * (sum(clip_lengths) // CHUNK)
