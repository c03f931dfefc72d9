"""What audio encoders have in common."""

from __future__ import annotations

from torch import Tensor, nn

EMBEDDING_DIMENSIONS = 2
"""Axes of sound that has passed an audio encoder."""


class AudioEncoder(nn.Module):
    """Maps log-mel examples (N, 1, 96, 64), time by mel band, to embeddings (N, A)."""

    width: int
    """A, channels of the embedding."""
    is_frozen = False
    """Whether its weights are never trained, so that a clip has to be encoded once only."""

    def embed(self, sound: Tensor) -> Tensor:
        """(N, 1, 96, 64) log-mel, or (N, A) that was encoded before, to (N, A)."""
        return sound if sound.ndim == EMBEDDING_DIMENSIONS else self(sound)
