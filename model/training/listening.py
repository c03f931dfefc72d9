"""What happens to the sound of a batch before the network sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from model.audio.embedding_cache import EmbeddingCache
from model.audio.vggish import VGGish
from model.combo.network import Combo
from model.data.batch import Batch

Listen = Callable[[Batch], Batch]
"""Gives back the batch with whatever a frozen encoder has made of its sound."""


def listener(model: Combo, cache: Path | None) -> Listen:
    """The frozen VGGish hears every clip once; an encoder that is trained hears it in every step, in the network.

    Args:
        model: its audio encoder has its weights already.
        cache: folder where VGGish's embeddings are kept for other runs; None keeps them in memory.
    """
    encoder = model.audio_encoder
    return EmbeddingCache(encoder, cache).embed if isinstance(encoder, VGGish) else unheard


def unheard(batch: Batch) -> Batch:
    """The batch as it is."""
    return batch
