"""AdamW with the authors' parameter groups and polynomial schedule (spec combo section 9)."""

from __future__ import annotations

import torch
from torch import nn

from model.config import OptimConfig

NORMS = (nn.LayerNorm, nn.GroupNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.SyncBatchNorm)


def build_optimizer(model: nn.Module, config: OptimConfig) -> torch.optim.AdamW:
    """One group per trainable parameter, so that each carries its own base rate and weight decay.

    Backbones learn at `backbone_lr_factor`. Norm layers and embeddings are not decayed; all else is, biases included.
    """
    groups = []
    for path, module in model.named_modules():
        undecayed = isinstance(module, (*NORMS, nn.Embedding))
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.requires_grad:
                base = config.lr * (config.backbone_lr_factor if "backbone" in path else 1.0)
                groups.append(
                    {
                        "params": [parameter],
                        "name": f"{path}.{name}",
                        "lr": base,
                        "base_lr": base,
                        "weight_decay": 0.0 if undecayed else config.weight_decay,
                    }
                )
    return torch.optim.AdamW(groups, lr=config.lr, betas=config.betas)


def set_learning_rates(optimizer: torch.optim.Optimizer, step: int, iterations: int, power: float) -> float:
    """base * (1 - step / iterations) ** power for every group; returns the factor. `step` counts from 0."""
    factor = (1 - step / iterations) ** power
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor
    return float(factor)
