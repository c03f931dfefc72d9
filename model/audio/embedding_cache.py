"""What a frozen audio encoder says of each clip, computed once and kept: training never pays for it again.

Entries are keyed by the content of the encoder's weights and of the clip's log-mel, so neither a changed file nor
other weights can be answered from an old entry:

    <folder>/<weights digest>/<log-mel digest>.npy     float32 (T, A)
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.data.batch import Batch

DIGEST = 32
"""Hexadecimal digits kept of each SHA-256."""


class EmbeddingCache:
    """Replaces the log-mel of batches by what a frozen encoder makes of it.

    Args:
        encoder: frozen; maps (N, 1, 96, 64) to (N, A).
        folder: where entries are kept for other runs; None keeps them in memory only.
    """

    def __init__(self, encoder: nn.Module, folder: Path | None) -> None:
        self._encoder = encoder
        self._folder = None if folder is None else folder / _weights_digest(encoder)
        self._known: dict[str, Tensor] = {}

    def embed(self, batch: Batch) -> Batch:
        """The batch with (BT, A) embeddings for its (BT, 1, 96, 64) log-mel.

        A clip is always encoded by itself, so its embedding does not depend on the batch.
        """
        clips = batch.sound.split(batch.clip_lengths.tolist())
        embedded = torch.cat([self._embedding(clip) for clip in clips])
        return replace(batch, sound=embedded.to(batch.sound.device))

    def _embedding(self, log_mel: Tensor) -> Tensor:
        digest = hashlib.sha256(log_mel.cpu().numpy().tobytes()).hexdigest()[:DIGEST]
        if digest not in self._known:
            kept = self._read(digest, len(log_mel))
            self._known[digest] = self._encode(digest, log_mel) if kept is None else kept
        return self._known[digest]

    @torch.no_grad()
    def _encode(self, digest: str, log_mel: Tensor) -> Tensor:
        device = next(self._encoder.parameters()).device
        embedding: Tensor = self._encoder(log_mel.to(device)).cpu()
        if self._folder is not None:
            _write(self._folder / f"{digest}.npy", embedding.numpy())
        return embedding

    def _read(self, digest: str, seconds: int) -> Tensor | None:
        """An entry of an earlier run; None when there is none that is whole."""
        if self._folder is None:
            return None
        try:
            embedding = np.load(self._folder / f"{digest}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return torch.from_numpy(embedding) if len(embedding) == seconds else None


def _write(path: Path, embedding: NDArray[np.float32]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.draft")
    with draft.open("wb") as file:
        np.save(file, embedding, allow_pickle=False)
    draft.replace(path)


def _weights_digest(encoder: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, weight in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.cpu().numpy().tobytes())
    return digest.hexdigest()[:DIGEST]
