"""A model's score on one split, exact whatever the number of workers."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from model.data.avsbench import AVSBench
from model.data.loading import evaluation_batches
from model.interface import Network
from model.metrics.protocol import ClipScore, Protocol, Score
from model.training.audio_embeddings import EmbedAudio
from model.training.previews import ClipPreview
from model.training.scoring import Predicted, Predictor, ScoredClip, Scorer
from model.training.stopping import ShouldStop, StopRequested, never
from model.training.workers import Workers


@dataclass(frozen=True)
class Evaluation:
    """Score of a split and of its clips, by clip name; the same on every worker."""

    score: Score
    clips: list[ClipScore]
    seconds_per_clip: float
    """Median time from the tensors of a single clip to its class scores, of the first clips of each worker, after one
    pass to warm up.

    Sound that was encoded beforehand is not in it.
    """
    previews: list[ClipPreview]
    """One for each clip for which it was asked, in that order, as far as clips could be used."""


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
    clips_at_once: int = 1,
    previewed: Sequence[int] = (),
) -> Evaluation:
    """Scores every clip once, spread over the workers; one clip at a time as the authors do, unless asked otherwise.

    No protocol asks for autocast, so class scores are of fp32, whatever the network was trained in. Clips that cannot
    be used are left out of the scores; the quarantine of the data set has them.

    Args:
        model: left in the mode it came in.
        dataset: the split.
        protocol: how to score.
        embed_audio: what the model's audio encoder makes of a batch beforehand, see `model.training.audio_embeddings`.
        workers: this worker's place among those that share the clips.
        device: where the model is.
        on_clip: called after each clip of this worker.
        should_stop: asked before each batch of this worker.
        clips_at_once: how many pass the network together. Class scores then differ by rounding, as sums over a larger
            batch may be taken in another order. A network that mixes clips gets one at a time, whatever is asked.
        previewed: places of the clips in the split that are kept to be looked at.

    Raises:
        DataError: more clips than tolerated cannot be used; every worker raises it.
        StopRequested: a worker was asked to stop; every worker raises it.
        FloatingPointError: a worker's class scores are not finite; every worker raises it.
    """
    training = model.training
    model.eval()

    predictor, scorer = Predictor(model, device), Scorer(dataset.entries, protocol, device, previewed)

    def score_share() -> Iterator[ScoredClip]:
        """Each clip that falls to this worker; on a GPU behind the forward pass of what follows it."""
        waiting: deque[Predicted] = deque()
        on_gpu, at_once = device.type == "cuda", 1 if model.mixes_clips else clips_at_once
        for batch in evaluation_batches(dataset, workers.rank, workers.count, at_once, reads_ahead=on_gpu):
            if should_stop():
                raise StopRequested
            for predicted in predictor.predict(embed_audio(batch).to(device)):
                waiting.append(predicted)
                if len(waiting) > 1 or not on_gpu:
                    yield from told(waiting.popleft())
        for predicted in waiting:
            yield from told(predicted)

    def told(predicted: Predicted) -> Iterator[ScoredClip]:
        for clip in scorer.score(predicted):
            on_clip()
            yield clip

    scored = workers.together(lambda: list(score_share()))
    model.train(training)
    share_quarantine(dataset, workers)
    everything = sorted(workers.gather(scored), key=lambda clip: clip.row)
    previews = {clip.row: clip.preview for clip in everything}
    asked = [previews.get(dataset.entries[place].row) for place in previewed]
    return Evaluation(
        score=protocol.dataset_score([clip.totals for clip in everything]),
        clips=sorted((clip.score for clip in everything), key=lambda score: (score.category, score.clip)),
        seconds_per_clip=statistics.median(clip.seconds for clip in everything if clip.seconds is not None),
        previews=[preview for preview in asked if preview is not None],
    )


def share_quarantine(dataset: AVSBench, workers: Workers) -> None:
    """Every worker learns which clips the others have set aside.

    Raises:
        DataError: all workers together have set aside more than tolerated; every worker raises it.
    """
    dataset.quarantine.add(workers.gather(list(dataset.quarantine.reasons.items())))
    dataset.quarantine.refuse_excess()
