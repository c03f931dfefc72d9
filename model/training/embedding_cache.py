"""What a frozen audio encoder says of each clip, computed once and kept: training never pays for it again.

Entries are keyed by the content of the encoder's weights and of the clip's log-mel, so neither a changed file nor
other weights can be answered from an old entry; and by the kind of device and the order of the weights in memory,
which both change the last bits:

    <folder>/<weights digest>-<kind of device>[-channels-last]/<log-mel digest>.embedding

An entry is the SHA-256 of all that follows it, and float32 (T, A) as safetensors. The folder saves time and nothing
else: when it cannot be used, training goes on without it.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from model.atomic_writes import atomic_file
from model.audio.encoder import AudioEncoder
from model.data.batch import Batch
from model.precision import without_autocast
from model.training.acceleration import PICTURES

log = logging.getLogger(__name__)

DIGEST = 32
"""Hexadecimal digits kept of each SHA-256."""
CHECKSUM = hashlib.sha256().digest_size
EMBEDDING = "embedding"


class EmbeddingCache:
    """Replaces the log-mel of batches by what a frozen encoder makes of it.

    Args:
        encoder: maps (N, 1, 96, 64) to (N, A), A being its `width`; has its weights, in their order, and is on its
            device already. On a GPU it works beside training, which does not wait for it then.
        folder: where entries are kept for other runs; None keeps them in memory only.
    """

    def __init__(self, encoder: AudioEncoder, folder: Path | None) -> None:
        self._encoder = encoder
        self._device = next(encoder.parameters()).device
        kind = f"{self._device.type}{'-channels-last' if _is_channels_last(encoder) else ''}"
        self._folder = None if folder is None else folder / f"{_weights_digest(encoder)}-{kind}"
        self._stream = torch.cuda.Stream(self._device) if self._device.type == "cuda" else None
        if self._stream is not None:
            self._stream.wait_stream(torch.cuda.current_stream(self._device))
        self._known: dict[str, Tensor] = {}
        self._has_warned = False

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
            path = None if self._folder is None else self._folder / f"{digest}.embedding"
            kept = None if path is None else _read(path, (len(log_mel), self._encoder.width))
            self._known[digest] = self._encode(path, log_mel) if kept is None else kept
        return self._known[digest]

    @torch.no_grad()
    @without_autocast
    def _encode(self, path: Path | None, log_mel: Tensor) -> Tensor:
        with nullcontext() if self._stream is None else torch.cuda.stream(self._stream):
            embedding: Tensor = self._encoder(log_mel.to(self._device)).cpu()
        if path is not None:
            self._keep(path, embedding)
        return embedding

    def _keep(self, path: Path, embedding: Tensor) -> None:
        content = save({EMBEDDING: embedding})
        try:
            with atomic_file(path) as draft:
                draft.write_bytes(hashlib.sha256(content).digest() + content)
        except OSError as error:
            if not self._has_warned:
                log.warning("embeddings are not kept for other runs, which will make them again: %s", error)
            self._has_warned = True


def _read(path: Path, shape: tuple[int, int]) -> Tensor | None:
    """An entry of an earlier run; None when there is none that is whole."""
    try:
        stored = path.read_bytes()
        checksum, content = stored[:CHECKSUM], stored[CHECKSUM:]
        embedding = load(content).get(EMBEDDING) if hashlib.sha256(content).digest() == checksum else None
    except (OSError, SafetensorError):
        return None
    is_wanted = embedding is not None and embedding.dtype == torch.float32 and embedding.shape == shape
    return embedding if is_wanted else None


def _is_channels_last(encoder: AudioEncoder) -> bool:
    filters = (weight for weight in encoder.parameters() if weight.dim() == PICTURES)
    return any(not weight.is_contiguous() for weight in filters)


def _weights_digest(encoder: AudioEncoder) -> str:
    digest = hashlib.sha256()
    for name, weight in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.cpu().numpy().tobytes())
    return digest.hexdigest()[:DIGEST]
