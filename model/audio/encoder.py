"""What audio encoders have in common."""

from __future__ import annotations

from torch import nn


class AudioEncoder(nn.Module):
    """Maps log-mel examples (N, 1, 96, 64), time by mel band, to embeddings (N, A)."""

    width: int
    """A, channels of the embedding."""
