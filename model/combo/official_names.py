"""What every tensor of our network is called in the authors' state dict.

No two of ours share an official name. The tables turn our names, below the prefix of their module, into official ones.
Sizes are free, and so are the switches of `Truths` that change no tensor: the official form of such a model holds the
same weights, but the authors' code would compute something else with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from model.combo.config import ComboConfig
from model.combo.network import Combo
from model.weights.backbone_names import Naming, official_naming
from model.weights.official_form import refuse_foreign
from model.weights.parameter_counts import part_of
from model.weights.renaming import Renames, rename

OFFICIAL_PREFIXES = {
    "image_backbone": "backbone.",
    "maskige_backbone": "pre_sam_backbone.",
    "channel_weights": "scale_factor_module.",
    "audio_encoder": "audio_backbone.",
    "pixel_decoder": "sem_seg_head.pixel_decoder.",
    "fusion": "sem_seg_head.fusion_module.",
    "audio_mlp": "sem_seg_head.audio_transformation.",
    "query_decoder": "sem_seg_head.predictor.",
}
"""By module."""
EMPTY_WEIGHT = "criterion.empty_weight"
"""(K+1,) class weights of the authors' loss: ones, but for the last, which is no-object."""

CHANNEL_WEIGHT: Renames = [(r"\bgate\.0\.", "fc1."), (r"\bgate\.2\.", "fc2.")]
DEFORMABLE_ATTENTION: Renames = [(r"\bvalue_projection\.", "value_proj."), (r"\boutput_projection\.", "output_proj.")]
PIXEL_DECODER: Renames = [
    (r"^input_projections\.", "input_proj."),
    (r"^level_embed$", "transformer.level_embed"),
    (r"^layers\.", "transformer.encoder.layers."),
    (r"\.attention\.", ".self_attn."),
    *DEFORMABLE_ATTENTION,
    (r"^lateral_norm\.", "adapter_1.norm."),
    (r"^lateral\.", "adapter_1."),
    (r"^output_norm\.", "layer_1.norm."),
    (r"^output\.", "layer_1."),
]
BILATERAL_FUSION: Renames = [
    (r"^audio_position\.", "audio_pos."),
    (r"^attention\.norm_visual\.", "b_attn.layer_norm_v_list.0."),
    (r"^attention\.norm_audio\.", "b_attn.layer_norm_a_list.0."),
    (r"^attention\.query_visual\.", "b_attn.attn_list.0.v_proj."),
    (r"^attention\.key_audio\.", "b_attn.attn_list.0.a_proj."),
    (r"^attention\.value_visual\.", "b_attn.attn_list.0.values_v_proj."),
    (r"^attention\.value_audio\.", "b_attn.attn_list.0.values_a_proj."),
    (r"^attention\.out_visual\.", "b_attn.attn_list.0.out_v_proj."),
    (r"^attention\.out_audio\.", "b_attn.attn_list.0.out_a_proj."),
    (r"^attention\.gamma_visual$", "b_attn.gamma_v_list.0"),
    (r"^attention\.gamma_audio$", "b_attn.gamma_a"),
]
ONE_SIDED_FUSION: Renames = [
    (r"^audio_position\.", "audio_pos."),
    (r"^attention\.norm_visual\.", "a2i_attn.layer_norm_q_1_list.0."),
    (r"^attention\.norm_audio\.", "a2i_attn.layer_norm_k_1_list.0."),
    (r"^attention\.query_visual\.", "a2i_attn.attn_list.0.q_proj."),
    (r"^attention\.key_audio\.", "a2i_attn.attn_list.0.k_proj."),
    (r"^attention\.value_audio\.", "a2i_attn.attn_list.0.v_proj."),
    (r"^attention\.out_visual\.", "a2i_attn.attn_list.0.out_proj."),
    (r"^attention\.gamma_visual$", "a2i_attn.gamma_list.0"),
]
AUDIO_MLP: Renames = [(rf"^layers\.{layer}\.", f"embeddings.{2 * layer}.") for layer in range(3)]
QUERY_DECODER: Renames = [
    (r"^cross_attention\.(\d+)\.attention\.", r"transformer_cross_attention_layers.\1.multihead_attn."),
    (r"^cross_attention\.", "transformer_cross_attention_layers."),
    (r"^self_attention\.(\d+)\.attention\.", r"transformer_self_attention_layers.\1.self_attn."),
    (r"^self_attention\.", "transformer_self_attention_layers."),
    (r"^feed_forward\.", "transformer_ffn_layers."),
    (r"^norm\.", "decoder_norm."),
    (r"^query_features\.", "query_feat."),
    (r"^query_positions\.", "query_embed."),
    (r"^class_head\.", "class_embed."),
    (r"^mask_head\.", "mask_embed."),
]


def official_names(config: ComboConfig, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Official name of every tensor of ours; two where the authors' state dict lists a shared encoder twice.

    Args:
        config: of the network.
        names: of its state dict.

    Raises:
        CheckpointError: the authors' code has no such network.
    """
    listed = list(names)
    renames = _renames(config, _encoder_naming(config, listed))
    shared = config.model.siam_encoder.mode == "shared"
    official = {}
    for name in listed:
        module = part_of(name, Combo.parts)
        homes = [module, "maskige_backbone"] if shared and module == "image_backbone" else [module]
        inside = rename(name.removeprefix(Combo.parts[module]), renames[module])
        official[name] = tuple(OFFICIAL_PREFIXES[home] + inside for home in homes)
    return official


def official_extras(config: ComboConfig) -> dict[str, Tensor]:
    """What the authors' state dict holds and our network does not."""
    weights = torch.ones(config.classes + 1)
    weights[-1] = config.loss.no_object_weight
    return {EMPTY_WEIGHT: weights}


def _encoder_naming(config: ComboConfig, names: list[str]) -> Naming:
    """The authors' names of the backbone, once sure that they can build all the rest."""
    network = Combo.parts["image_backbone"] + "network."
    naming = official_naming(name.removeprefix(network) for name in names if name.startswith(network))
    model, gated = config.model, config.model.siam_encoder.mode != "image_only"
    foreign = {
        f"model.backbone.name={model.backbone.name}": naming is None,
        "model.backbone.norm=group": model.backbone.norm == "group",
        "truths.channel_weight=paper": gated and config.truths.channel_weight == "paper",
        f"model.audio_encoder.name={model.audio_encoder.name}": model.audio_encoder.name != "vggish",
    }
    refuse_foreign(foreign)
    assert naming is not None  # refused above
    return naming


def _renames(config: ComboConfig, encoder: Naming) -> Mapping[str, Renames]:
    """By module."""
    backbone: Renames = [(r"^network\.", ""), *encoder.renames]
    one_sided = config.model.fusion.mode == "visual" and config.truths.fusion_ablation == "official"
    return {
        "image_backbone": backbone,
        "maskige_backbone": backbone,
        "channel_weights": CHANNEL_WEIGHT,
        "audio_encoder": [],
        "pixel_decoder": PIXEL_DECODER,
        "fusion": ONE_SIDED_FUSION if one_sided else BILATERAL_FUSION,
        "audio_mlp": AUDIO_MLP,
        "query_decoder": QUERY_DECODER,
    }
