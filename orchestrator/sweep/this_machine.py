"""What this machine offers, told without starting Ray, so that what can never fit is refused at once."""

from __future__ import annotations

import json
import os
from pathlib import Path

from orchestrator.sweep.cluster import Cluster, Node

NVIDIA_DEVICES = Path("/proc/driver/nvidia/gpus")


def this_machine() -> Cluster:
    """The one node of a Ray that is started here, with the resources that Ray will find or is told to assume."""
    told = json.loads(os.environ.get("RAY_OVERRIDE_RESOURCES") or "{}")
    return Cluster((Node(float(told.get("CPU", _cpus())), float(told.get("GPU", _gpus()))),))


def _cpus() -> int:
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _gpus() -> int:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([name for name in visible.split(",") if name.strip() not in ("", "-1")])
    return len(list(NVIDIA_DEVICES.iterdir())) if NVIDIA_DEVICES.is_dir() else 0
