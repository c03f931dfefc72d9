"""What hardware this machine has: processors, memory, shared memory, GPUs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from orchestrator.doctor.finding import Finding, fail, ok, warn

GIB = 1024**3
LEAST_MEMORY = 4 * GIB
"""Ray, MLflow and one small trial."""
LEAST_SHARED = GIB
"""Ray keeps objects there, and loader processes hand batches over through it."""
SHARED = Path("/dev/shm")
MEMORY = Path("/proc/meminfo")
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def look_at_processors() -> Finding:
    """How many processors this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if allowed < 2:
        return warn("1 CPU", "give the machine two: Ray and the trial share it, which is slow")
    return ok(f"{allowed} CPUs")


def look_at_memory() -> Finding:
    """How much memory is free."""
    free = _available_memory()
    if free is None:
        return warn("the free memory cannot be read here", f"see to it that {LEAST_MEMORY / GIB:g} GiB are free")
    if free < LEAST_MEMORY:
        return warn(
            f"{free / GIB:.1f} GiB free", f"close other programs: less than {LEAST_MEMORY / GIB:g} GiB is scarce"
        )
    return ok(f"{free / GIB:.1f} GiB free")


def look_at_shared_memory() -> Finding:
    """How much room `/dev/shm` has: containers often get 64 MiB."""
    if not SHARED.is_dir():
        return warn(f"there is no {SHARED}", "Ray uses files instead, which is slower")
    free = shutil.disk_usage(SHARED).free
    if free < LEAST_SHARED:
        cure = f"give the container more, such as --shm-size={4 * LEAST_SHARED // GIB}g"
        return warn(f"{free / GIB:.2f} GiB free in {SHARED}", cure)
    return ok(f"{free / GIB:.1f} GiB free in {SHARED}")


def look_at_gpus() -> Finding:
    """Which GPUs PyTorch can use."""
    import torch

    has_driver = NVIDIA_DRIVER.exists()
    if not torch.cuda.is_available():
        if has_driver and torch.version.cuda is None:
            return fail(
                "the machine has a GPU, but this PyTorch is built for CPUs", "install a build of torch for CUDA"
            )
        if has_driver:
            cure = f"install a driver for CUDA {torch.version.cuda} or newer, or look at CUDA_VISIBLE_DEVICES"
            return fail(f"PyTorch cannot use the GPU with {_driver()}", cure)
        return warn("none", "trials train on the CPU: enough for scales demo and smoke, not for the papers' own")
    found = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    torch.ones(8, device="cuda").sum().item()
    names = ", ".join(f"{gpu.name} with {gpu.total_memory / GIB:.0f} GiB" for gpu in found)
    return ok(f"{names}; CUDA {torch.version.cuda}, {_driver()}")


def _driver() -> str:
    """Version of NVIDIA's driver, such as `driver 570.1`, from a line of the kernel module."""
    words = NVIDIA_DRIVER.read_text().split() if NVIDIA_DRIVER.exists() else []
    number = next((word for word in words if word[:1].isdigit() and "." in word), "of unknown version")
    return f"driver {number}"


def _available_memory() -> int | None:
    """Bytes; of a container, not more than its limit."""
    try:
        lines = dict(line.split(":", 1) for line in MEMORY.read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
        limit = CONTAINER_LIMIT.read_text().strip() if CONTAINER_LIMIT.exists() else "max"
    except (OSError, KeyError, ValueError):
        return None
    return free if limit == "max" else min(free, int(limit))
