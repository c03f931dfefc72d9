"""Samples the use of processor, memory and GPUs on a thread beside training."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil
import pynvml

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between samples."""
MEGABYTE = 1e6


class SystemMetrics:
    """Samples this machine and this process while the context is open.

    Args:
        on_sample: receives each sample by metric, in percent and megabytes, named as MLflow names its own (without the
            `system/` before them, which the mirror adds); called on the sampling thread.
        every: seconds between samples.
    """

    def __init__(self, on_sample: Callable[[dict[str, float]], None], every: float = EVERY) -> None:
        self._on_sample, self._every = on_sample, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="system-metrics", daemon=True)

    def __enter__(self) -> SystemMetrics:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        process, gpus = psutil.Process(), _gpus()
        psutil.cpu_percent()  # the first call only begins the measurement
        while not self._over.wait(self._every):
            try:
                self._on_sample({**_machine_sample(process), **_gpu_sample(gpus)})
            except Exception as error:
                # Training notices by itself what keeps a sample from being written, such as a full disk.
                log.warning("a sample of the machine is lost: %s: %s", type(error).__name__, error)


def _machine_sample(process: psutil.Process) -> dict[str, float]:
    memory = psutil.virtual_memory()
    return {
        "cpu_utilization_percentage": psutil.cpu_percent(),
        "system_memory_usage_megabytes": memory.used / MEGABYTE,
        "system_memory_usage_percentage": memory.percent,
        "process_memory_usage_megabytes": process.memory_info().rss / MEGABYTE,
    }


def _gpus() -> list[Any]:
    """Handles of the GPUs that this process may use, in its own order; none without NVIDIA's driver."""
    try:
        pynvml.nvmlInit()
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = map(str, range(pynvml.nvmlDeviceGetCount())) if visible is None else visible.split(",")
        return [_handle(name.strip()) for name in names if name.strip()]
    except pynvml.NVMLError as error:
        log.debug("GPUs are not sampled: %s", error)
        return []


def _handle(name: str) -> Any:
    """NVML's handle of a GPU, given its number or UUID as in CUDA_VISIBLE_DEVICES."""
    if name.isdecimal():
        return pynvml.nvmlDeviceGetHandleByIndex(int(name))
    return pynvml.nvmlDeviceGetHandleByUUID(name)


def _gpu_sample(gpus: list[Any]) -> dict[str, float]:
    """A sample of each GPU; MIG instances do not report every metric."""
    sample: dict[str, float] = {}
    for index, gpu in enumerate(gpus):
        with suppress(pynvml.NVMLError):
            memory = pynvml.nvmlDeviceGetMemoryInfo(gpu)
            sample[f"gpu_{index}_memory_usage_megabytes"] = memory.used / MEGABYTE
            sample[f"gpu_{index}_memory_usage_percentage"] = 100 * memory.used / memory.total
        with suppress(pynvml.NVMLError):
            sample[f"gpu_{index}_utilization_percentage"] = float(pynvml.nvmlDeviceGetUtilizationRates(gpu).gpu)
    return sample
