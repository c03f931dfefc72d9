"""A tiny untrained model whose masks have a shape: its class and mask heads are sharpened."""

from __future__ import annotations

from pathlib import Path

import torch

from model.combo.network import Combo
from model.config import TrialConfig
from model.weights.stored_model import save_model

SIZE = 32
SEED = 11
"""With this seed objects, of two classes for AVSS, take a part of most frames of the test videos."""
SHARPNESS = 30
AVSS_CLASSES = (0, 5, 60)
"""Classes that the AVSS model can choose."""


def seeded_config(task: str) -> TrialConfig:
    return TrialConfig.model_validate(
        {
            "data": {"task": task, "size": SIZE},
            "model": {
                "width": 16,
                "backbone": {"name": "test_resnet", "weights": "random", "norm": "group"},
                "audio_encoder": {"name": "compact", "width": 16, "mlp_width": 16},
                "pixel_decoder": {"layers": 1, "heads": 2, "points": 2, "ffn_width": 16},
                "fusion": {"heads": 2},
                "query_decoder": {"queries": 6, "layers": 2, "heads": 2, "ffn_width": 16},
            },
        }
    )


def save_seeded(folder: Path, task: str) -> Path:
    torch.manual_seed(SEED)
    config = seeded_config(task)
    model = Combo(config)
    classes = model.query_decoder.class_head
    with torch.no_grad():
        classes.weight *= SHARPNESS
        model.query_decoder.mask_head.layers[-1].weight *= SHARPNESS
        if task == "avss":
            others = [index for index in range(config.classes) if index not in AVSS_CLASSES]
            classes.weight[others], classes.bias[others] = 0, -99
    return save_model(folder, model.state_dict(), config, step=7)
