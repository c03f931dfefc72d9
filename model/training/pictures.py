"""Qualitative results: one clip as a filmstrip of frames, Maskiges, truth and prediction."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.metrics.protocol import ClipScore
from model.training.evaluate import predict_scores
from model.training.listening import Listen

CELL = 160
"""Side of one picture of the strip, pixels."""
GAP = 4
TINT = np.array([255, 64, 64], dtype=np.float32)
"""Colour laid over segmented pixels."""


@torch.no_grad()
def extreme_clips(
    model: nn.Module, dataset: AVSBench, clips: list[ClipScore], listen: Listen, device: torch.device
) -> dict[str, Image.Image]:
    """Filmstrips of the clips with the highest and the lowest M_J; ties go to the first by category and name."""
    chosen = {
        "highest": max(clips, key=lambda clip: clip.m_j),
        "lowest": min(clips, key=lambda clip: clip.m_j),
    }
    names = [entry.name for entry in dataset.entries]
    return {
        f"{rank}-m_j-{clip.clip}.png": filmstrip(model, dataset, names.index(clip.clip), listen, device)
        for rank, clip in chosen.items()
    }


def filmstrip(model: nn.Module, dataset: AVSBench, index: int, listen: Listen, device: torch.device) -> Image.Image:
    """Four rows over time: frames, Maskiges, truth, prediction."""
    batch = listen(collate([dataset[index]], [index])).to(device)
    predicted = predict_scores(model, batch).argmax(1)
    rows = [
        _pixels(batch.frames),
        _pixels(batch.maskiges),
        _tinted(batch.frames, batch.labels > 0),
        _tinted(batch.frames, predicted > 0),
    ]
    step = CELL + GAP
    strip = Image.new("RGB", (step * len(rows[0]) - GAP, step * len(rows) - GAP), "white")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            strip.paste(Image.fromarray(picture).resize((CELL, CELL), Image.Resampling.NEAREST), (x * step, y * step))
    return strip


def _pixels(frames: Tensor) -> np.ndarray:
    """(T, 3, H, W) to (T, H, W, 3)."""
    return frames.permute(0, 2, 3, 1).cpu().numpy()


def _tinted(frames: Tensor, mask: Tensor) -> np.ndarray:
    """Frames with the masked pixels half covered and the others dimmed."""
    pixels = _pixels(frames).astype(np.float32)
    inside = mask.cpu().numpy()[..., None]
    return np.where(inside, 0.5 * pixels + 0.5 * TINT, 0.6 * pixels).astype(np.uint8)
