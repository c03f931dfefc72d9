"""The modules of COMBO by name, and how many parameters each of them has."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from model.combo.network import Combo
from model.config import TrialConfig
from model.weights.stored_model import without_pretraining

MODULES = {
    "image_backbone": "siam_encoder.image_backbone.",
    "maskige_backbone": "siam_encoder.maskige_backbone.",
    "channel_weights": "siam_encoder.channel_weights.",
    "audio_encoder": "audio_encoder.",
    "pixel_decoder": "pixel_decoder.",
    "fusion": "fusion.",
    "audio_mlp": "audio_mlp.",
    "query_decoder": "query_decoder.",
}
"""Prefix of a module's tensors in the network's state dict; every tensor belongs to one module."""


@dataclass(frozen=True)
class ParameterCounts:
    """Numbers of parameters; statistics of frozen batch normalisation are buffers and not counted."""

    total: int
    """The frozen audio encoder included."""
    trainable: int
    modules: dict[str, int]
    """By module; zero for a module that the configuration goes without, or shares with another."""


def network_without_memory(config: TrialConfig) -> Combo:
    """A network whose tensors have names and shapes but no values; it looks for no pretrained weights."""
    with torch.device("meta"):
        return Combo(without_pretraining(config))


def count_parameters(config: TrialConfig) -> ParameterCounts:
    """Counts the parameters of a network without building its values.

    Raises:
        BackboneError: the backbone cannot be built.
    """
    parameters = dict(network_without_memory(config).named_parameters())
    modules = dict.fromkeys(MODULES, 0)
    for name, parameter in parameters.items():
        modules[module_of(name)] += parameter.numel()
    trainable = sum(parameter.numel() for parameter in parameters.values() if parameter.requires_grad)
    return ParameterCounts(sum(modules.values()), trainable, modules)


def module_of(name: str) -> str:
    """The module that a tensor of the network belongs to."""
    return next(module for module, prefix in MODULES.items() if name.startswith(prefix))
