"""Every registered model in its smallest form, and the toy of docs/guides/add-a-model.md."""

from __future__ import annotations

from experiments.overrides import lay_over
from model.config import TrialConfig

SIZE = 32
SHARED = {
    "data.size": SIZE,
    "data.augment": "flip",
    "training.batch": 2,
    "training.iterations": 4,
    "training.evaluate_every": 2,
}
SMALL = {
    "avsbench": {
        "model.name": "avsbench",
        "model.width": 16,
        "model.backbone.name": "test_resnet",
        "model.backbone.weights": "random",
        "model.backbone.norm": "group",
        "model.audio_encoder.name": "compact",
        "model.audio_encoder.width": 16,
        "model.tpavi.inner_width": 8,
        "loss.lambda_avm": 0.5,
    },
    "combo": {
        "model.width": 16,
        "model.backbone.name": "test_efficientnet_gn",
        "model.backbone.weights": "random",
        "model.backbone.norm": "native",
        "model.audio_encoder.name": "compact",
        "model.audio_encoder.width": 16,
        "model.audio_encoder.mlp_width": 16,
        "model.pixel_decoder.layers": 1,
        "model.pixel_decoder.heads": 2,
        "model.pixel_decoder.points": 2,
        "model.pixel_decoder.ffn_width": 16,
        "model.fusion.heads": 2,
        "model.fusion.dropout": 0.0,
        "model.query_decoder.queries": 6,
        "model.query_decoder.layers": 2,
        "model.query_decoder.heads": 2,
        "model.query_decoder.ffn_width": 16,
        "loss.points": 64,
        "data.maskige": "synthetic",
    },
    "bigen": {
        "model.name": "bigen",
        "model.width": 16,
        "model.backbone.name": "test_efficientnet_gn",
        "model.backbone.weights": "random",
        "model.backbone.norm": "native",
        "model.audio_encoder.name": "compact",
        "loss.lambda_kl": 0.5,
    },
    "toy": {"model.name": "toy"},
}
"""Settings by model, small enough for a step in a tenth of a second."""


def small_config(name: str, **settings: object) -> TrialConfig:
    """A model's smallest trial; `settings` have `__` for dots, such as `data__task`."""
    assigned = {key.replace("__", "."): value for key, value in settings.items()}
    return TrialConfig.model_validate(lay_over(lay_over({}, SHARED | SMALL[name], name), assigned, "test"))
