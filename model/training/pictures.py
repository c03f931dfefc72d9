"""Qualitative results: one clip as a filmstrip of frames, Maskiges, truth and prediction."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.drawing.filmstrip import cell_size, filmstrip, outlined, thumbnail, write_names
from model.interface import Network
from model.metrics.protocol import ClipScore
from model.training.audio_embeddings import EmbedAudio
from model.training.scoring import predict_scores

LEFT = 88
"""Room for the names of the rows, pixels."""


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
        f"{rank}-m_j-{clip.clip}.png": _clip_strip(model, dataset, names.index(clip.clip), clip, embed_audio, device)
        for rank, clip in chosen.items()
    }


def _clip_strip(
    model: Network, dataset: AVSBench, index: int, score: ClipScore, embed_audio: EmbedAudio, device: torch.device
) -> Image.Image:
    """Rows over time, each with its name: frames, Maskiges if the network looks at them, truth, prediction."""
    batch = embed_audio(collate([dataset[index]], [index])).to(device)
    predicted = predict_scores(model, batch).argmax(1)
    pixels = _pixels(batch.frames)
    size = cell_size(*pixels.shape[1:3])
    frames = [thumbnail(frame, size) for frame in pixels]
    rows = {"frames": frames}
    if batch.maskiges is not None:
        rows["Maskiges"] = [thumbnail(maskige, size) for maskige in _pixels(batch.maskiges)]
    rows["truth"] = [outlined(*pair) for pair in zip(frames, (batch.labels > 0).cpu().numpy(), strict=True)]
    told = f"prediction\nM_J {100 * score.m_j:.1f}\nM_F {100 * score.m_f:.1f}"
    rows[told] = [outlined(*pair) for pair in zip(frames, (predicted > 0).cpu().numpy(), strict=True)]
    strip = filmstrip(list(rows.values()))
    picture = Image.new("RGB", (LEFT + strip.width, strip.height), "white")
    picture.paste(strip, (LEFT, 0))
    write_names(picture, list(rows), LEFT, 0, size[1])
    return picture


def _pixels(frames: Tensor) -> NDArray[np.uint8]:
    """(T, 3, H, W) to (T, H, W, 3)."""
    return frames.permute(0, 2, 3, 1).cpu().numpy()
