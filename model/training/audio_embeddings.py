"""What happens to the sound of a batch before the network gets it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from model.data.batch import Batch
from model.interface import Network
from model.training.embedding_cache import EmbeddingCache

EmbedAudio = Callable[[Batch], Batch]
"""Gives back the batch with whatever a frozen encoder has made of its sound."""


def audio_embedder(network: Network, cache: Path | None) -> EmbedAudio:
    """A frozen audio encoder encodes every clip once; one that is trained does so in every step, in the network.

    Args:
        network: its audio encoder has its weights already.
        cache: folder where embeddings are kept for other runs; None keeps them in memory.
    """
    encoder = network.frozen_audio_encoder
    return unchanged if encoder is None else EmbeddingCache(encoder, cache).embed


def unchanged(batch: Batch) -> Batch:
    """The batch as it is."""
    return batch
