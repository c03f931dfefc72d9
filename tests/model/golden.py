"""Reference vectors of the authors' code (`tests/golden/`), the renaming of their parameters to ours, their weights."""

from __future__ import annotations

import json
from functools import cache
from math import prod, sqrt
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

FOLDER = Path(__file__).parent.parent / "golden"

Renames = list[tuple[str, str]]

DEFORMABLE: Renames = [("value_proj.", "value_projection."), ("output_proj.", "output_projection.")]
PIXEL_DECODER: Renames = [
    ("input_proj.", "input_projections."),
    ("transformer.level_embed", "level_embed"),
    ("transformer.encoder.layers.", "layers."),
    ("self_attn.", "attention."),
    *DEFORMABLE,
    ("adapter_1.norm.", "lateral_norm."),
    ("adapter_1.", "lateral."),
    ("layer_1.norm.", "output_norm."),
    ("layer_1.", "output."),
]
SEM_BLOCK: Renames = [("fc1.", "gate.0."), ("fc2.", "gate.2.")]
FUSION: Renames = [
    ("audio_pos.", "audio_position."),
    ("b_attn.", "attention."),
    ("a2i_attn.", "attention."),
    ("layer_norm_v_list.0.", "norm_visual."),
    ("layer_norm_a_list.0.", "norm_audio."),
    ("layer_norm_q_1_list.0.", "norm_visual."),
    ("layer_norm_k_1_list.0.", "norm_audio."),
    ("gamma_v_list.0", "gamma_visual"),
    ("gamma_list.0", "gamma_visual"),
    ("gamma_a", "gamma_audio"),
    ("attn_list.0.values_v_proj.", "value_visual."),
    ("attn_list.0.values_a_proj.", "value_audio."),
    ("attn_list.0.out_v_proj.", "out_visual."),
    ("attn_list.0.out_a_proj.", "out_audio."),
    ("attn_list.0.q_proj.", "query_visual."),
    ("attn_list.0.k_proj.", "key_audio."),
    ("attn_list.0.out_proj.", "out_visual."),
]
BILATERAL: Renames = [*FUSION, ("attn_list.0.v_proj.", "query_visual."), ("attn_list.0.a_proj.", "key_audio.")]
ONE_SIDED: Renames = [*FUSION, ("attn_list.0.v_proj.", "value_audio.")]
QUERY_DECODER: Renames = [
    ("transformer_self_attention_layers.", "self_attention."),
    ("transformer_cross_attention_layers.", "cross_attention."),
    ("transformer_ffn_layers.", "feed_forward."),
    (".self_attn.", ".attention."),
    (".multihead_attn.", ".attention."),
    ("decoder_norm.", "norm."),
    ("query_feat.", "query_features."),
    ("query_embed.", "query_positions."),
    ("class_embed.", "class_head."),
    ("mask_embed.", "mask_head."),
]


RESNET: Renames = [
    ("stem.conv1.norm.", "bn1."),
    ("stem.conv1.", "conv1."),
    (".shortcut.norm.", ".downsample.1."),
    (".shortcut.", ".downsample.0."),
    *[(f".conv{i}.norm.", f".bn{i}.") for i in (1, 2, 3)],
    *[(f"res{i + 1}.", f"layer{i}.") for i in (1, 2, 3, 4)],
]
AUDIO_MLP: Renames = [("embeddings.0.", "layers.0."), ("embeddings.2.", "layers.1."), ("embeddings.4.", "layers.2.")]
PARTS: list[tuple[str, str, Renames]] = [
    ("backbone.", "siam_encoder.image_backbone.network.", RESNET),
    ("pre_sam_backbone.", "siam_encoder.maskige_backbone.network.", RESNET),
    ("scale_factor_module.", "siam_encoder.channel_weights.", SEM_BLOCK),
    ("audio_backbone.", "audio_encoder.", []),
    ("sem_seg_head.pixel_decoder.", "pixel_decoder.", PIXEL_DECODER),
    ("sem_seg_head.fusion_module.", "fusion.", BILATERAL),
    ("sem_seg_head.audio_transformation.", "audio_mlp.", AUDIO_MLP),
    ("sem_seg_head.predictor.", "query_decoder.", QUERY_DECODER),
]
"""Official prefix, our prefix, and what else changes; of COMBO with ResNet-50."""


@cache
def official_entries() -> dict[str, tuple[list[int], tuple[float, float] | None]]:
    """Official key to shape and, of trained parameters, learning rate and weight decay; COMBO R50 on S4."""
    stored = json.loads((FOLDER / "combo_r50_s4.json").read_text())
    return {key: (shape, tuple(groups) or None) for key, (shape, *groups) in stored.items()}


def our_names() -> dict[str, str]:
    """Official key of every entry of the network to ours."""
    return {key: _our_name(key) for key in official_entries() if not key.startswith("criterion.")}


def _our_name(key: str) -> str:
    for prefix, ours, renames in PARTS:
        if key.startswith(prefix):
            name = key.removeprefix(prefix)
            for old, new in renames:
                name = name.replace(old, new)
            return ours + name
    raise KeyError(key)


def hash_random(key: str, count: int) -> np.ndarray:
    """`hashrand` of the golden index: reproducible float64 numbers in [-1, 1)."""
    parts = []
    for start in range(0, count, 1 << 20):
        x = np.arange(start, min(start + (1 << 20), count), dtype=np.uint32)
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
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as stored:
        return {key: torch.as_tensor(stored[key]) for key in stored.files}


def load(module: nn.Module, stored: dict[str, Tensor], prefix: str, renames: Renames) -> None:
    """Fills a module strictly from the entries below `prefix`."""
    state = {}
    for key, value in stored.items():
        if key.startswith(prefix):
            name = key.removeprefix(prefix)
            for old, new in renames:
                name = name.replace(old, new)
            state[name] = value
    module.load_state_dict(state, strict=True)


class ReplayedPoints:
    """Random points in the order in which the authors' code drew them."""

    def __init__(self, stored: dict[str, Tensor]) -> None:
        self._draws = iter(stored[key] for key in sorted(stored) if key.startswith("rand"))

    def draw(self, frames: list[int], count: int) -> Tensor:
        points = next(self._draws)
        assert points.shape == (len(frames), count, 2)
        return points
