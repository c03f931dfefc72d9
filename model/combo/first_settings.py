"""The settings that COMBO's trials had when the first were stored. Never to be changed: their trial keys hang on it."""

from __future__ import annotations

_BY_SECTION = {
    "": "schema_version seed initial_trial",
    "model.": "width",
    "model.backbone.": "name weights norm drop_path",
    "model.siam_encoder.": "mode reduction",
    "model.audio_encoder.": "name width mlp_width",
    "model.pixel_decoder.": "layers heads points ffn_width",
    "model.fusion.": "mode heads dropout layer_scale_init",
    "model.query_decoder.": "queries query_mode layers heads ffn_width",
    "truths.": "audio_query_expand bfm_softmax_axis fusion_ablation channel_weight lada_reduce lada_chunk",
    "loss.": "lambda_ada class_weight mask_weight dice_weight no_object_weight points oversample importance",
    "optim.": "lr backbone_lr_factor weight_decay betas clip_norm poly_power",
    "training.": "iterations batch evaluate_every precision",
    "data.": "task size augment maskige fingerprint",
}

FIRST_SETTINGS = frozenset(section + name for section, names in _BY_SECTION.items() for name in names.split())
"""By dotted key, such as `loss.lambda_ada`."""
