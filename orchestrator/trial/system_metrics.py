"""What training takes of its machine: processor, memory and GPUs, sampled beside it on a thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import psutil

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between samples."""
MEGABYTE = 1e6


class SystemMetrics:
    """Samples this machine and this process while the context is open.

    Args:
        tell: receives each sample by metric, in percent and megabytes, named as MLflow names its own (without the
            `system/` before them, which the mirror adds); called on the sampling thread.
        every: seconds between samples.
    """

    def __init__(self, tell: Callable[[dict[str, float]], None], every: float = EVERY) -> None:
        self._tell, self._every = tell, every
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
            memory = psutil.virtual_memory()
            self._tell(
                {
                    "cpu_utilization_percentage": psutil.cpu_percent(),
                    "system_memory_usage_megabytes": memory.used / MEGABYTE,
                    "system_memory_usage_percentage": memory.percent,
                    "process_memory_usage_megabytes": process.memory_info().rss / MEGABYTE,
                    **_gpu_sample(gpus),
                }
            )


def _gpus() -> list[Any]:
    """Handles of the GPUs that the driver shows; none without NVIDIA's library or driver."""
    if find_spec("pynvml") is None:
        return []
    import pynvml

    try:
        pynvml.nvmlInit()
        return [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError as error:
        log.debug("GPUs are not sampled: %s", error)
        return []


def _gpu_sample(gpus: list[Any]) -> dict[str, float]:
    sample: dict[str, float] = {}
    for index, gpu in enumerate(gpus):
        import pynvml

        memory = pynvml.nvmlDeviceGetMemoryInfo(gpu)
        sample[f"gpu_{index}_memory_usage_megabytes"] = memory.used / MEGABYTE
        sample[f"gpu_{index}_memory_usage_percentage"] = 100 * memory.used / memory.total
        sample[f"gpu_{index}_utilization_percentage"] = float(pynvml.nvmlDeviceGetUtilizationRates(gpu).gpu)
    return sample
