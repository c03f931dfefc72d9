"""Reference vectors of the authors' code (`tests/golden/`), and their weights under our names."""

from __future__ import annotations

import json
from functools import cache
from math import prod, sqrt
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from experiments.presets import resolve_preset
from model.combo.config import LossConfig
from model.combo.official_names import official_names
from model.combo.points import Draw, draw_in_turn
from model.weights.parameter_counts import network_without_memory
from model.weights.renaming import Renames, rename

FOLDER = Path(__file__).parent.parent / "golden"
CHUNK = 1 << 15
"""So many numbers stay in a processor's cache while they are made."""


@cache
def official_entries() -> dict[str, tuple[list[int], tuple[float, float] | None]]:
    """Official key to shape and, of trained parameters, learning rate and weight decay; COMBO R50 on S4."""
    stored = json.loads((FOLDER / "combo_r50_s4.json").read_text())
    return {key: (shape, tuple(groups) or None) for key, (shape, *groups) in stored.items()}


@cache
def our_names() -> dict[str, str]:
    """Official key of every entry of the network to ours."""
    config = resolve_preset("combo_r50", "s4")
    named = official_names(config, network_without_memory(config).state_dict())
    return {official: ours for ours, (official,) in named.items()}


def hash_random(key: str, count: int) -> np.ndarray:
    """`hashrand` of the golden index: reproducible float64 numbers in [-1, 1)."""
    parts = []
    for start in range(0, count, CHUNK):
        x = np.arange(start, min(start + CHUNK, count), dtype=np.uint32)
        x = x * np.uint32(2654435761) + np.uint32(crc32(key.encode()))
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
        parts.append(x / 2**32 * 2 - 1)
    return np.concatenate(parts)


def hash_tensor(key: str, shape: list[int], scale: float, base: float = 0.0) -> Tensor:
    values = base + hash_random(key, prod(shape)) * scale
    return torch.from_numpy(values.reshape(shape).astype(np.float32))


def hash_weight(key: str, shape: list[int]) -> Tensor:
    """The weight rule of the end-to-end vectors."""
    embeddings = ("query_feat.weight", "query_embed.weight", "level_embed.weight", "level_embed", "audio_pos.weight")
    if key.endswith(embeddings):
        return hash_tensor(key, shape, 1)
    if "gamma" in key:
        return hash_tensor(key, shape, 0.2, 0.5)
    if len(shape) > 1:
        convolution = any(part in key for part in ("stem.", ".conv", "shortcut")) or key.startswith("audio_backbone")
        gain = 1.4 if convolution and "dwconv" not in key else 1
        gain = 2 if key.endswith("sampling_offsets.weight") else gain
        return hash_tensor(key, shape, gain * sqrt(3 / prod(shape[1:])))
    if key.endswith("running_var"):
        return hash_tensor(key, shape, 0.3, 1)
    if key.endswith("conv3.norm.weight"):
        return hash_tensor(key, shape, 0.05, 0.3)
    if key.endswith("weight"):
        return hash_tensor(key, shape, 0.2, 1)
    return hash_tensor(key, shape, 0.1)


def vectors(name: str) -> dict[str, Tensor]:
    """Its arrays of numbers."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as stored:
        return {key: torch.as_tensor(values) for key, values in stored.items() if values.dtype.kind != "U"}


def load(module: nn.Module, stored: dict[str, Tensor], prefix: str, renames: Renames) -> None:
    """Fills a module strictly from the entries below `prefix`; `renames` turn our names into official ones."""
    official = {name: prefix + rename(name, renames) for name in module.state_dict()}
    assert set(official.values()) == {key for key in stored if key.startswith(prefix)}
    module.load_state_dict({name: stored[key] for name, key in official.items()}, strict=True)


class ReplayedPoints:
    """Random points in the order in which the authors' code drew them."""

    def __init__(self, stored: dict[str, Tensor]) -> None:
        self._draws = iter(stored[key] for key in sorted(stored) if key.startswith("rand"))

    def draw(self, predictions: int, masks: list[int], config: LossConfig) -> Draw:
        return draw_in_turn(self._rows, predictions, masks, config)

    def _rows(self, frames: list[int], count: int) -> Tensor:
        """One draw for all matched masks; those to match with are drawn frame by frame."""
        rows: list[Tensor] = []
        while sum(map(len, rows)) < len(frames):
            rows.append(next(self._draws))
        points = torch.cat(rows)
        assert points.shape == (len(frames), count, 2)
        return points
