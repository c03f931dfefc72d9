"""Features of length one, as the audio-visual fused module compares them."""

from __future__ import annotations

from torch import Tensor

from model.precision import at_least_fp32

SMALLEST_SQUARE = 1e-6
"""Added to the sum of squares."""


def unit_length(features: Tensor) -> Tensor:
    """Features (N, C, ...) over the length of their channels; half precision becomes fp32."""
    features = at_least_fp32(features)
    return features / (features.square().sum(1, keepdim=True) + SMALLEST_SQUARE).sqrt()
