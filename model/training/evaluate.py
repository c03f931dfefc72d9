"""A model's score on one split, exact whatever the number of workers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from model.data.avsbench import AVSBench
from model.data.batch import Batch
from model.data.loading import evaluation_batches
from model.interface import Network
from model.metrics.protocol import ClipScore, Protocol, Score
from model.training.audio_embeddings import EmbedAudio
from model.training.stopping import ShouldStop, StopRequested, never
from model.training.workers import Workers


@dataclass(frozen=True)
class Evaluation:
    """Score of a split and of its clips, by clip name; the same on every worker."""

    score: Score
    clips: list[ClipScore]
    seconds_per_clip: float
    """Median time from a clip's tensors to its class scores, after one pass to warm up.

    Sound that was encoded beforehand is not in it.
    """


@torch.no_grad()
def evaluate(
    model: Network,
    dataset: AVSBench,
    protocol: Protocol,
    embed_audio: EmbedAudio,
    workers: Workers,
    device: torch.device,
    on_clip: Callable[[], None] = lambda: None,
    should_stop: ShouldStop = never,
) -> Evaluation:
    """Scores every clip once, one clip at a time as the authors do, spread over the workers.

    Clips that cannot be used are left out of the scores; the quarantine of the data set has them.

    Args:
        model: left in the mode it came in.
        dataset: the split.
        protocol: how to score.
        embed_audio: what the model's audio encoder makes of a batch beforehand, see `model.training.audio_embeddings`.
        workers: this worker's place among those that share the clips.
        device: where the model is.
        on_clip: called after each clip of this worker.
        should_stop: asked before each clip of this worker.

    Raises:
        DataError: more clips than tolerated cannot be used; every worker raises it.
        StopRequested: a worker was asked to stop; every worker raises it.
        FloatingPointError: a worker's class scores are not finite; every worker raises it.
    """
    training = model.training
    model.eval()

    def score_share() -> Iterator[tuple[int, ClipScore, Tensor, float]]:
        """Row of the index file, score, totals and seconds of each clip that falls to this worker."""
        is_warm = False
        for batch in evaluation_batches(dataset, workers.rank, workers.count):
            if should_stop():
                raise StopRequested
            entry = dataset.entries[int(batch.positions[0])]
            on_device = embed_audio(batch).to(device)
            if not is_warm:
                # The first pass chooses kernels and allocates; its time is no clip's.
                predict_scores(model, on_device)
                is_warm = True
            began = _seconds(device)
            scores = predict_scores(model, on_device)
            spent = _seconds(device) - began
            yield entry.row, *protocol.score_clip(scores, on_device.labels, entry.name, entry.category), spent
            on_clip()

    scored = workers.together(lambda: list(score_share()))
    model.train(training)
    share_quarantine(dataset, workers)
    everything = sorted(workers.gather(scored), key=lambda one: one[0])
    return Evaluation(
        score=protocol.dataset_score([totals for _, _, totals, _ in everything]),
        clips=sorted((clip for _, clip, _, _ in everything), key=lambda clip: (clip.category, clip.clip)),
        seconds_per_clip=statistics.median(seconds for *_, seconds in everything),
    )


def share_quarantine(dataset: AVSBench, workers: Workers) -> None:
    """Every worker learns which clips the others have set aside.

    Raises:
        DataError: all workers together have set aside more than tolerated; every worker raises it.
    """
    dataset.quarantine.add(workers.gather(list(dataset.quarantine.reasons.items())))
    dataset.quarantine.refuse_excess()


def predict_scores(model: Network, batch: Batch) -> Tensor:
    """Class scores (BT, K, H, W) at the frames' own size."""
    height, width = batch.frames.shape[2:]
    return model.class_scores(model(batch), (height, width))


def _seconds(device: torch.device) -> float:
    """The time at which the device has done what it was given so far; scoring a clip waits for that anyway."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
