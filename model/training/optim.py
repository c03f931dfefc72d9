"""AdamW or Adam with the released code's parameter groups and polynomial schedule."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from model.config import OptimConfig

ALGORITHMS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
NORMS = (nn.LayerNorm, nn.GroupNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def build_optimizer(model: nn.Module, config: OptimConfig, *, fused: bool = False) -> torch.optim.Optimizer:
    """Groups by learning rate and weight decay; each also carries its `base_lr` and its parameters' `names`.

    Backbones learn at `backbone_lr_factor`. Norm layers and embeddings are not decayed; all else is, biases included.

    Args:
        model: whose parameters are trained.
        config: algorithm and rates.
        fused: whether one operation updates all parameters, with other rounding.
    """
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for path, module in model.named_modules():
        undecayed = isinstance(module, (*NORMS, nn.Embedding))
        rate = config.lr * (config.backbone_lr_factor if "backbone" in path else 1.0)
        decay = 0.0 if undecayed else config.weight_decay
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.requires_grad:
                fresh = {"params": [], "names": [], "lr": rate, "base_lr": rate, "weight_decay": decay}
                group = groups.setdefault((rate, decay), fresh)
                group["params"].append(parameter)
                group["names"].append(f"{path}.{name}")
    way = {"fused": True} if fused else {}
    return ALGORITHMS[config.algorithm](list(groups.values()), lr=config.lr, betas=config.betas, **way)


def device_of_count(optimizer: torch.optim.Optimizer, parameter: Tensor) -> torch.device:
    """Where an optimiser of `build_optimizer` counts the steps of a parameter: on the CPU, unless it is fused."""
    return parameter.device if optimizer.defaults["fused"] else torch.device("cpu")


def set_learning_rates(optimizer: torch.optim.Optimizer, step: int, iterations: int, power: float) -> float:
    """Gives every group base * (1 - step / iterations) ** power; returns the factor. `step` counts from 0."""
    factor = (1 - step / iterations) ** power
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor
    return float(factor)
