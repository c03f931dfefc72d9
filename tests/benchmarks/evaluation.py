"""Scoring a split one clip after the other, beside several clips at once and, on a GPU, each beside the next one.

A network that does not mix clips, with random weights: AVSBench's with the demo's small backbone on a CPU, the released
one on a GPU. Sound is encoded beforehand in all forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from comparison import Comparison, Form
from synthetic_clips import synthetic_clips

from experiments.presets import resolve_preset
from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.interface import Network, model_of
from model.metrics.protocol import ClipScore, Protocol, protocol_for
from model.training.audio_embeddings import EmbedAudio, audio_embedder
from model.training.evaluate import evaluate
from model.training.scoring import predict_scores
from model.training.workers import Workers

CLIPS = 80
"""Of which a fifth are scored."""
PRESETS = {"cpu": "avsbench_demo", "cuda": "avsbench_r50"}


@torch.no_grad()
def plain(model: Network, clips: AVSBench, protocol: Protocol, embed_audio: EmbedAudio, place: torch.device) -> list:
    """Reads, predicts and scores one clip after the other, after a pass to warm up."""
    scores: list[ClipScore] = []
    predict_scores(model, embed_audio(collate([clips[0]], [0])).to(place))
    for index, entry in enumerate(clips.entries):
        batch = embed_audio(collate([clips[index]], [index])).to(place)
        predicted = predict_scores(model, batch)
        scores.append(protocol.score_clip(predicted, batch.labels, entry.name, entry.category)[0])
    return sorted(scores, key=lambda score: (score.category, score.clip))


def forms(device: str) -> Mapping[str, Form]:
    """Evaluations whose scores agree: one clip at a time to the last bit, several up to rounding."""
    place = torch.device(device)
    config = resolve_preset(PRESETS[place.type], "s4").without_pretraining()
    clips, protocol = (
        AVSBench.configured(config, synthetic_clips("s4", CLIPS, config.data.size), "test"),
        protocol_for("s4"),
    )
    torch.manual_seed(0)
    model = model_of(config).build(config).to(place).eval()
    what = (model, clips, protocol, audio_embedder(model, None))

    def ours(at_once: int) -> list[ClipScore]:
        return evaluate(*what, Workers(), place, clips_at_once=at_once).clips

    expected = plain(*what, place)
    assert ours(1) == expected
    for one, other in zip(ours(8), expected, strict=True):
        assert abs(one.m_j - other.m_j) < 1e-3, one.clip
    return {
        "one by one": partial(plain, *what, place),
        "ours, one at a time": partial(ours, 1),
        "ours, 4 at once": partial(ours, 4),
        "ours, 8 at once": partial(ours, 8),
    }


COMPARISONS = [Comparison("evaluation", f"scores of {CLIPS // 5} clips of S4", forms)]
