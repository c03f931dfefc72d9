"""AVS-BiGen with the weights of its reference vectors, under the authors' names."""

from __future__ import annotations

from math import prod
from typing import Any
from unittest.mock import patch
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from experiments.overrides import lay_over
from model.audio.vggish import VGGish
from model.bigen.config import BigenConfig
from model.bigen.network import Bigen
from model.bigen.official_names import official_names
from model.data.batch import Batch
from model.weights.uninitialised import uninitialised

FRAMES = 5


def bigen_config(backbone: str = "resnet50", **settings: Any) -> BigenConfig:
    """A released network without a look for ImageNet weights; `settings` have `__` for dots."""
    base = {"model.backbone.name": backbone, "model.backbone.weights": "random", "model.backbone.norm": "native"}
    assigned = {name.replace("__", "."): value for name, value in settings.items()}
    return BigenConfig.model_validate(lay_over(lay_over({}, base, "test"), assigned, "test"))


def formula_weight(key: str, shape: list[int]) -> Tensor:
    """The weight-fill rule of the golden index."""
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    drawn = np.random.RandomState(crc32(key.encode())).standard_normal(shape).astype(np.float32)
    values = torch.from_numpy(drawn)
    if key.endswith("running_var"):
        return 1 + 0.1 * values.abs()
    if len(shape) > 1:
        return values / prod(shape[1:]) ** 0.5
    return 1 + 0.1 * values if key.endswith("weight") and not key.endswith("running_mean") else 0.1 * values


def formula_filled(config: BigenConfig) -> Bigen:
    """The network with formula weights, found through its official names; VGGish, which has none, is small."""
    with patch.object(VGGish, "hidden", 8), uninitialised():
        network = Bigen(config)
    state = network.state_dict()
    with torch.no_grad():
        for ours, official in official_names(config, state).items():
            for key in official:
                state[ours].copy_(formula_weight(key, list(state[ours].shape)))
    # The reference frames are normalised already.
    network.normalise.mean.zero_()
    network.normalise.deviation.fill_(1.0)
    return network


def reference_batch(task: str) -> Batch:
    """One clip of five frames, drawn as the golden index says; on S4 the first frame is labelled."""
    frames = np.random.RandomState(7).standard_normal((FRAMES, 3, 224, 224)).astype(np.float32)
    audio = np.abs(np.random.RandomState(8).standard_normal((FRAMES, 128)).astype(np.float32))
    truth = np.random.RandomState(9).rand(FRAMES, 1, 224, 224) > 0.7
    annotated = torch.tensor([True, *[task == "ms3"] * (FRAMES - 1)])
    return Batch(
        frames=torch.from_numpy(frames),
        maskiges=None,
        sound=torch.from_numpy(audio),
        clip_lengths=torch.tensor([FRAMES]),
        annotated=annotated,
        labels=torch.from_numpy(truth[:, 0].astype(np.int64))[annotated],
        names=["reference"],
        positions=torch.tensor([0]),
        known=[224 * 224] * int(annotated.sum()),
    )
