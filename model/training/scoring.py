"""From batches to scores of clips with the device kept busy: a batch is scored while the network is at the next one."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from model.data.batch import Batch
from model.data.layout import IndexEntry
from model.interface import Network
from model.metrics.protocol import ClipScore, Protocol
from model.training.previews import ClipPreview, preview_of

TIMED = 8
"""Clips of a worker that pass the network one by one and are timed, before others may pass it together."""


def predict_scores(model: Network, batch: Batch) -> Tensor:
    """Class scores (BT, K, H, W) at the frames' own size."""
    height, width = batch.frames.shape[2:]
    return model.class_scores(model(batch), (height, width))


@dataclass(frozen=True, eq=False)
class Predicted:
    """A batch and its class scores, both on the device, which may still be at them."""

    batch: Batch
    scores: Tensor
    """(BT, K, H, W)."""
    seconds: float | None
    """What a single clip took; None if nobody waited for it."""
    ready: torch.cuda.Event | None
    """When a GPU has come so far."""


@dataclass(frozen=True)
class ScoredClip:
    """What the protocol says of one clip."""

    row: int
    """Its place in the index file."""
    score: ClipScore
    totals: Tensor
    seconds: float | None
    """From its tensors to its class scores, where that was timed."""
    preview: ClipPreview | None
    """Where it was asked for."""


class Predictor:
    """Class scores of one batch after the other.

    Args:
        model: in evaluation mode, on the device.
        device: where it is.
    """

    def __init__(self, model: Network, device: torch.device) -> None:
        self._model, self._device = model, device
        self._timed = 0

    def predict(self, batch: Batch) -> Iterator[Predicted]:
        """Starts the batch; the first `TIMED` clips one by one.

        Args:
            batch: on the device, whatever a frozen audio encoder makes of it included.
        """
        if self._timed >= TIMED:
            yield self._started(batch, None)
            return
        for clip in batch.split(1):
            if self._timed == 0:
                # The first pass chooses kernels and allocates; its time is no clip's.
                predict_scores(self._model, clip)
            self._timed += 1
            yield self._started(clip, _now(self._device))

    def _started(self, batch: Batch, began: float | None) -> Predicted:
        scores = predict_scores(self._model, batch)
        seconds = None if began is None else _now(self._device) - began
        ready = torch.cuda.Event() if scores.is_cuda else None
        if ready is not None:
            ready.record(torch.cuda.current_stream(self._device))
        return Predicted(batch, scores, seconds, ready)


class Scorer:
    """Scores clips by a protocol; on a GPU beside what it is at, and waiting for no more than the clips' own scores.

    Args:
        entries: of the split, in its order.
        protocol: how to score.
        device: where class scores are.
        previewed: places of the clips that are kept to be looked at.
    """

    def __init__(
        self, entries: Sequence[IndexEntry], protocol: Protocol, device: torch.device, previewed: Collection[int] = ()
    ) -> None:
        self._entries, self._protocol, self._previewed = entries, protocol, previewed
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None

    def score(self, predicted: Predicted) -> list[ScoredClip]:
        """Each clip of a batch.

        Raises:
            FloatingPointError: a class score is NaN or infinite.
        """
        scores = predicted.scores.split(predicted.batch.clip_lengths.tolist())
        with self._beside(predicted):
            return [self._scored(*one, predicted.seconds) for one in zip(predicted.batch.split(1), scores, strict=True)]

    def _scored(self, clip: Batch, scores: Tensor, seconds: float | None) -> ScoredClip:
        place = int(clip.positions[0])
        entry = self._entries[place]
        score, totals = self._protocol.score_clip(scores, clip.labels, entry.name, entry.category)
        preview = preview_of(clip, scores, score) if place in self._previewed else None
        return ScoredClip(entry.row, score, totals, seconds, preview)

    def _beside(self, predicted: Predicted) -> AbstractContextManager[object]:
        if self._stream is None or predicted.ready is None:
            return nullcontext()
        self._stream.wait_event(predicted.ready)
        # Their memory is not to be given to others before this stream is done with it.
        predicted.scores.record_stream(self._stream)
        predicted.batch.labels.record_stream(self._stream)
        context: AbstractContextManager[object] = torch.cuda.stream(self._stream)
        return context


def _now(device: torch.device) -> float:
    """The time at which the device has done what it was given so far."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
