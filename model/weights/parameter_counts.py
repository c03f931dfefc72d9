"""How many parameters each part of a network has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from model.config import TrialConfig
from model.interface import Network, model_of
from model.weights.uninitialised import uninitialised


@dataclass(frozen=True)
class ParameterCounts:
    """Numbers of parameters; statistics of frozen batch normalisation are buffers and not counted."""

    total: int
    """The frozen audio encoder included."""
    trainable: int
    modules: dict[str, int]
    """By part; zero for a part that the configuration goes without, or shares with another."""


def network_without_memory(config: TrialConfig) -> Network:
    """A network whose tensors have names and shapes but no values; it looks for no pretrained weights."""
    with torch.device("meta"), uninitialised():
        return model_of(config).build(config.without_pretraining())


def count_parameters(config: TrialConfig) -> ParameterCounts:
    """Counts the parameters of a network without building its values.

    Raises:
        BackboneError: the backbone cannot be built.
    """
    network = network_without_memory(config)
    parameters = dict(network.named_parameters())
    counts = dict.fromkeys(network.parts, 0)
    for name, parameter in parameters.items():
        counts[part_of(name, network.parts)] += parameter.numel()
    trainable = sum(parameter.numel() for parameter in parameters.values() if parameter.requires_grad)
    return ParameterCounts(sum(counts.values()), trainable, counts)


def part_of(name: str, parts: Mapping[str, str]) -> str:
    """The part that a tensor belongs to, by the parts' prefixes."""
    return next(part for part, prefix in parts.items() if name.startswith(prefix))
