"""Qualitative results: one clip as a filmstrip of frames, Maskiges, truth and prediction."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.drawing.filmstrip import cell_size, filmstrip, thumbnail, tinted
from model.interface import Network
from model.metrics.protocol import ClipScore
from model.training.audio_embeddings import EmbedAudio
from model.training.evaluate import predict_scores


@torch.no_grad()
def extreme_clips(
    model: Network, dataset: AVSBench, clips: list[ClipScore], embed_audio: EmbedAudio, device: torch.device
) -> dict[str, Image.Image]:
    """Filmstrips of the clips with the highest and the lowest M_J; ties go to the first by category and name."""
    chosen = {
        "highest": max(clips, key=lambda clip: clip.m_j),
        "lowest": min(clips, key=lambda clip: clip.m_j),
    }
    names = [entry.name for entry in dataset.entries]
    return {
        f"{rank}-m_j-{clip.clip}.png": _clip_strip(model, dataset, names.index(clip.clip), embed_audio, device)
        for rank, clip in chosen.items()
    }


def _clip_strip(
    model: Network, dataset: AVSBench, index: int, embed_audio: EmbedAudio, device: torch.device
) -> Image.Image:
    """Rows over time: frames, Maskiges if the network looks at them, truth, prediction."""
    batch = embed_audio(collate([dataset[index]], [index])).to(device)
    predicted = predict_scores(model, batch).argmax(1)
    frames = _pixels(batch.frames)
    rows = [
        frames,
        *([] if batch.maskiges is None else [_pixels(batch.maskiges)]),
        tinted(frames, (batch.labels > 0).cpu().numpy()),
        tinted(frames, (predicted > 0).cpu().numpy()),
    ]
    size = cell_size(*frames.shape[1:3])
    return filmstrip([[thumbnail(picture, size) for picture in row] for row in rows])


def _pixels(frames: Tensor) -> NDArray[np.uint8]:
    """(T, 3, H, W) to (T, H, W, 3)."""
    return frames.permute(0, 2, 3, 1).cpu().numpy()
