"""What a benchmark and the Ray that it started compute, and how much memory it has, from moment to moment."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass

import psutil

SAMPLE_SECONDS = 0.25


@dataclass(frozen=True)
class Sample:
    """What had been used up at a moment."""

    at: float
    driver: float
    """Seconds that this process computed."""
    ray: float
    """Seconds that Ray's processes computed, those of the trials among them."""
    megabytes: float
    """Memory of this process."""


class Usage(threading.Thread):
    """Watches this process and those below it, which are Ray's, until the context ends."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.samples: list[Sample] = []
        self._ended, self._computed = threading.Event(), dict[int, float]()

    def __enter__(self) -> Usage:
        self._look()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self.join()
        self._look()

    def run(self) -> None:
        """Looks until the end."""
        while not self._ended.wait(SAMPLE_SECONDS):
            self._look()

    @property
    def computed(self) -> float:
        """Seconds that all processes computed between the first and the last sample."""
        first, last = self.samples[0], self.samples[-1]
        return last.driver + last.ray - first.driver - first.ray

    def after(self, moment: float) -> Sample:
        """The first sample that is not older than a moment."""
        return self.samples[min(bisect_left(self.samples, moment, key=lambda one: one.at), len(self.samples) - 1)]

    def _look(self) -> None:
        own = psutil.Process()
        for process in own.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                self._computed[process.pid] = _seconds(process)  # kept when it ends
        memory = own.memory_info().rss / 2**20
        self.samples.append(Sample(time.time(), _seconds(own), sum(self._computed.values()), memory))


def _seconds(process: psutil.Process) -> float:
    """That a process computed."""
    times = process.cpu_times()
    return times.user + times.system
