"""What the tested weights make of a few clips, whole, so that figures can be drawn without the weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.data.chosen_clips import first_by_category
from model.data.layout import clip_files
from model.data.sound_outline import read_outline
from model.foreground import foreground_share
from model.interface import Network
from model.metrics.protocol import ClipScore, Protocol
from model.training.audio_embeddings import EmbedAudio

SHOWN = 6
"""Clips that every trial predicts when its test is over."""


@dataclass(frozen=True, eq=False)
class ClipPrediction:
    """One test clip of T frames and what a model makes of it."""

    score: ClipScore
    frames: NDArray[np.uint8]
    """(T, H, W, 3) RGB."""
    maskiges: NDArray[np.uint8] | None
    """(T, H, W, 3) RGB; None of a network that looks at none."""
    truth: NDArray[np.uint8]
    """(T, H, W) class ids; 0 is background, 255 is ignored."""
    prediction: NDArray[np.uint8]
    """(T, H, W) the class with the highest score."""
    heat: NDArray[np.float16]
    """(T, H, W) share of the class scores that is not background's, 0 to 1."""
    sound: NDArray[np.int16]
    """(n, 2) outline, see `model.data.sound_outline`."""
    attention: Mapping[str, NDArray[np.float16]] = field(default_factory=dict)
    """(T, h, w) from 0 to 1, by name, see `Network.attention`."""


def shown_places(dataset: AVSBench) -> list[int]:
    """Places of the clips that every trial on the same data predicts; clips that cannot be used are passed over."""
    places = first_by_category(dataset.entries)
    usable = (place for place in places if dataset.quarantine.attempt(dataset.__getitem__, place) is not None)
    return list(islice(usable, SHOWN))


@torch.no_grad()
def predict_clips(
    model: Network,
    dataset: AVSBench,
    places: Iterable[int],
    protocol: Protocol,
    embed_audio: EmbedAudio,
    device: torch.device,
) -> Iterator[ClipPrediction]:
    """Predicts clips one by one, as they are scored.

    Args:
        model: in evaluation mode, on the device.
        dataset: a split whose frames all have labels.
        places: of the clips in the split.
        protocol: how to score them.
        embed_audio: what the model's audio encoder makes of a batch beforehand, see `model.training.audio_embeddings`.
        device: where the model is.

    Raises:
        FileError: a clip cannot be used.
    """
    for place in places:
        entry = dataset.entries[place]
        batch = embed_audio(collate([dataset[place]], [place])).to(device)
        height, width = batch.frames.shape[2:]
        outputs = model(batch)
        scores = model.class_scores(outputs, (height, width))
        evidence = model.evidence(scores)
        score, _ = protocol.score_clip(scores, batch.labels, entry.name, entry.category)
        wav = clip_files(dataset.task, dataset.root, entry, dataset.proposer).wav
        yield ClipPrediction(
            score=score,
            frames=_pixels(batch.frames),
            maskiges=None if batch.maskiges is None else _pixels(batch.maskiges),
            truth=batch.labels.to(torch.uint8).cpu().numpy(),
            prediction=scores.argmax(1).to(torch.uint8).cpu().numpy(),
            heat=_half(foreground_share(evidence[:, 0], evidence.sum(1))),
            sound=read_outline(wav, len(batch.frames)),
            attention={name: _half(maps) for name, maps in model.attention(outputs, batch).items()},
        )


def _half(maps: Tensor) -> NDArray[np.float16]:
    return maps.half().cpu().numpy()


def _pixels(pictures: Tensor) -> NDArray[np.uint8]:
    """(T, 3, H, W) to (T, H, W, 3)."""
    return pictures.permute(0, 2, 3, 1).contiguous().cpu().numpy()
