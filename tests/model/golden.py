"""Reference vectors of the authors' code (`tests/golden/`) and the renaming of their parameters to ours."""

from __future__ import annotations

from pathlib import Path

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
