"""The first steps of a preset, in its own precision and size, from random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from experiments.presets import resolve_preset
from model.config import Task
from model.data.avsbench import AVSBench
from model.data.loading import training_batches
from model.interface import model_of
from model.training.events import Stepped
from model.training.gradients import BatchGradients
from model.training.optim import build_optimizer
from model.training.stepper import Stepper
from model.training.stopping import never
from model.training.workers import Workers

RANDOM = {"model.backbone.weights": "random"}
"""What replaces the weights that have to be downloaded."""
SYNTHETIC = {"data.maskige": "synthetic"}
"""The same for Maskiges, of models that look at them."""


def first_steps(preset: str, task: Task, data: Path, steps: int, device: str, **settings: Any) -> list[Stepped]:
    """Takes real optimiser steps on synthetic clips of the preset's size.

    Args:
        preset: its name.
        task: which of its configurations.
        data: root of synthetic data of that size.
        steps: how many.
        device: where.
        settings: laid over the preset's, with `__` for dots, such as `training__batch`.
    """
    assigned = {name.replace("__", "."): value for name, value in settings.items()}
    own = SYNTHETIC if resolve_preset(preset, task).proposer is not None else {}
    config = resolve_preset(preset, task, {**RANDOM, **own, **assigned})
    place = torch.device(device)
    torch.manual_seed(config.seed)
    model = model_of(config).build(config).to(place)
    optimizer = build_optimizer(model, config.optim)
    scaler = torch.amp.GradScaler(place.type, enabled=config.training.precision == "fp16")
    gradients = BatchGradients(config, model, Workers(), place, None)
    stepper = Stepper(config, gradients, optimizer, scaler, Workers(), never)
    batches = training_batches(AVSBench.configured(config, data, "train"), config, 0, 1, 0, workers=0)
    return [stepper.step(step, batch.to(place)).finished() for step, batch in zip(range(steps), batches, strict=False)]
