"""The settings that this model's trials had when the first were stored. Never to be changed: their keys hang on it."""

from __future__ import annotations

_BY_SECTION = {
    "": "schema_version seed initial_trial",
    "model.": "name width neck fusion motion generation",
    "model.backbone.": "name weights norm drop_path",
    "model.audio_encoder.": "name",
    "truths.": "audio_projection audio_correlation kl_stages s4_mask",
    "loss.": "segmentation lambda_kl eta",
    "optim.": "algorithm lr backbone_lr_factor weight_decay betas clip_norm poly_power",
    "training.": "iterations batch evaluate_every precision",
    "data.": "task size augment silent_clips fingerprint",
}

FIRST_SETTINGS = frozenset(section + name for section, names in _BY_SECTION.items() for name in names.split())
"""By dotted key, such as `loss.lambda_kl`."""
