"""Resources of this machine, found without starting Ray, so that trials that can never fit are refused at once."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import NonNegativeFloat, TypeAdapter, ValidationError

from experiments.errors import InputError, Problem
from orchestrator.sweep.cluster import Cluster, Node

TOLD = "RAY_OVERRIDE_RESOURCES"
NVIDIA_DEVICES = Path("/proc/driver/nvidia/gpus")


def local_cluster() -> Cluster:
    """The one node of a Ray that is started here, with the resources that Ray will find or is told to assume.

    Raises:
        InputError: what it is told to assume means nothing.
    """
    told = _told()
    return Cluster((Node(told.get("CPU", _cpus()), told.get("GPU", _gpus())),))


def _told() -> dict[str, float]:
    text = os.environ.get(TOLD) or "{}"
    try:
        return TypeAdapter(dict[str, NonNegativeFloat]).validate_json(text)
    except ValidationError:
        raise InputError(Problem(f"{TOLD}={text}", "is no JSON object of numbers", 'such as {"CPU": 2}')) from None


def _cpus() -> int:
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _gpus() -> int:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([name for name in visible.split(",") if name.strip() not in ("", "-1")])
    return len(list(NVIDIA_DEVICES.iterdir())) if NVIDIA_DEVICES.is_dir() else 0
