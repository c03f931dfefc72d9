"""Compares the weights of two checkpoints tensor by tensor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from experiments.reproduction_record import Deviation
from model.weights.folder import WEIGHTS_FILE


def weight_deviations(stored: Path, again: Path, step: int) -> Iterator[Deviation]:
    """The largest difference of every tensor, in the order of their names; one tensor at a time is in memory.

    Args:
        stored: folder of an intact checkpoint.
        again: folder of another one of the same configuration.
        step: that both were written after.
    """
    with (
        safe_open(stored / WEIGHTS_FILE, framework="pt") as one,
        safe_open(again / WEIGHTS_FILE, framework="pt") as other,
    ):
        names, others = set(one.keys()), set(other.keys())
        for name in sorted(names | others):
            if name not in names or name not in others:
                there, here = float(name in names), float(name in others)
                yield Deviation(
                    unit="relative", what=f"tensors {name}", step=step, stored=there, again=here, distance=math.inf
                )
            else:
                yield _deviation(f"weights {name}", step, one.get_tensor(name), other.get_tensor(name))


def _deviation(what: str, step: int, stored: Tensor, again: Tensor) -> Deviation:
    """The largest difference of two tensors, relative to the largest number in either."""
    if stored.shape != again.shape:
        sizes = {"stored": float(stored.numel()), "again": float(again.numel())}
        return Deviation(unit="relative", what=f"size of {what}", step=step, **sizes, distance=math.inf)
    if torch.equal(stored, again):
        return Deviation(unit="relative", what=what, step=step, stored=0.0, again=0.0, distance=0.0)
    one, other = stored.double().flatten(), again.double().flatten()
    place = int((one - other).abs().argmax())  # of what is no number, if there is any
    values = {"stored": one[place].item(), "again": other[place].item()}
    scale = max(one.abs().max().item(), other.abs().max().item())
    apart = abs(values["stored"] - values["again"]) / scale
    return Deviation(
        unit="relative", what=what, step=step, **values, distance=apart if math.isfinite(apart) else math.inf
    )
