"""How much a run may spend, and the watch over it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.trial.updates import Awaited, Ended, Failed, Finished, Started, Update

LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Budget:
    """Limits of one run; None is no limit."""

    hours: float | None = None
    """By the clock on the wall."""
    gpu_hours: float | None = None
    """Of all GPUs together; where there are none, hours of all workers."""
    trials: int | None = None
    """That start."""


class BudgetWatch:
    """A listener that adds up what trials take, and calls once when a limit is reached, while the context is open.

    Args:
        budget: the limits in hours.
        units: GPUs of one worker, or 1 where there are none.
        on_limit: called from a thread of its own.
    """

    def __init__(self, budget: Budget, units: float, on_limit: Callable[[], None]) -> None:
        self._budget, self._units, self._on_limit = budget, units, on_limit
        self._began = time.monotonic()
        self._since: dict[str, tuple[float, int]] = {}
        self._spent = 0.0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="budget", daemon=True)

    def __enter__(self) -> BudgetWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        with self._lock:
            if isinstance(update, Started):
                self._since[update.key] = time.monotonic(), update.trial.workers
            elif isinstance(update, Finished | Failed | Ended | Awaited) and update.key in self._since:
                self._spent += self._seconds(*self._since.pop(update.key))

    @property
    def gpu_hours(self) -> float:
        """Spent so far, by what runs now too."""
        with self._lock:
            return (self._spent + sum(self._seconds(*running) for running in self._since.values())) / 3600

    def _seconds(self, since: float, workers: int) -> float:
        return (time.monotonic() - since) * workers * self._units

    def _watch(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            hours, gpu_hours = self._budget.hours, self._budget.gpu_hours
            late = hours is not None and time.monotonic() - self._began >= hours * 3600
            if late or (gpu_hours is not None and self.gpu_hours >= gpu_hours):
                self._on_limit()
                return
