"""How far the weights of two checkpoints are apart."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors import safe_open

from experiments.reproduction_record import Deviation
from model.weights.folder import WEIGHTS_FILE


def weights_deviation(stored: Path, again: Path, step: int) -> Deviation:
    """The Euclidean distance of all tensors that differ, relative to their length; it names the largest difference.

    Not number by number: where the exact gradient is zero, as of a bias that softmax takes away again, Adam makes a
    step out of rounding. One tensor at a time is in memory.

    Args:
        stored: folder of an intact checkpoint.
        again: folder of another one of the same configuration.
        step: that both were written after.
    """
    apart = length = 0.0
    largest, where, values = -1.0, "", {"stored": 0.0, "again": 0.0}
    with (
        safe_open(stored / WEIGHTS_FILE, framework="pt") as ours,
        safe_open(again / WEIGHTS_FILE, framework="pt") as others,
    ):
        if alone := sorted(set(ours.keys()) ^ set(others.keys())):
            return _of_other_form(f"tensor {alone[0]}", step)
        for name in sorted(ours.keys()):
            one, other = ours.get_tensor(name), others.get_tensor(name)
            if one.shape != other.shape:
                return _of_other_form(f"shape of tensor {name}", step)
            if torch.equal(one, other):
                continue
            one, other = one.double().flatten(), other.double().flatten()
            difference = (one - other).abs()
            apart, length = apart + difference.square().sum().item(), length + one.square().sum().item()
            if difference.max().item() > largest:
                largest, where, place = difference.max().item(), name, int(difference.argmax())
                values = {"stored": one[place].item(), "again": other[place].item()}
    if not where:
        return Deviation(what="weights", unit="relative", step=step, **values, distance=0.0)
    distance = math.sqrt(apart / length) if length else math.inf
    return Deviation(what=f"weights, most in {where}", unit="relative", step=step, **values, distance=distance)


def _of_other_form(what: str, step: int) -> Deviation:
    """What stands for networks that cannot be compared number by number."""
    return Deviation(what=what, unit="relative", step=step, stored=math.nan, again=math.nan, distance=math.inf)
