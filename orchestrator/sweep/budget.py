"""Watches how much a run has spent of its limits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from experiments.records import AttemptRecord
from experiments.stored_types import parse_moment
from orchestrator.run_config import RunConfig
from orchestrator.trial.updates import Awaited, Ended, Failed, Finished, Started, Update

LOOK_SECONDS = 0.5


def worker_hours(attempts: Iterable[AttemptRecord]) -> float:
    """Hours of attempts until their last heartbeat, times workers."""
    return sum(_seconds_of(attempt) * attempt.workers for attempt in attempts) / 3600


def _seconds_of(attempt: AttemptRecord) -> float:
    """Seconds by the clock of its machine; 0 if the clock jumped or the record makes no sense."""
    with suppress(ValueError):
        return max((parse_moment(attempt.seen) - parse_moment(attempt.started)).total_seconds(), 0.0)
    return 0.0


class BudgetWatch:
    """A listener that adds up the hours of trials and calls back once a limit is reached, while the context is open.

    Args:
        config: its limits in hours.
        units: GPUs of one worker, or 1 where there are none.
        before: worker-hours of earlier attempts.
        on_limit: called from a thread of its own.
    """

    def __init__(self, config: RunConfig, units: float, before: float, on_limit: Callable[[], None]) -> None:
        self._config, self._units, self._on_limit = config, units, on_limit
        self._began = time.monotonic()
        self._since: dict[str, tuple[float, int]] = {}
        self._spent = before * units * 3600
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
        """Spent so far, in earlier attempts and by what runs now too."""
        with self._lock:
            return (self._spent + sum(self._seconds(*running) for running in self._since.values())) / 3600

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left of the GPU-hours."""
        return self._config.max_gpu_hours is not None and self.gpu_hours >= self._config.max_gpu_hours

    def told(self) -> str:
        """What is spent, in a sentence; empty without a limit."""
        if self._config.max_gpu_hours is None:
            return ""
        return f"its trials have used {self.gpu_hours:.3g} of {self._config.max_gpu_hours:g} GPU-hours in all attempts"

    def _seconds(self, since: float, workers: int) -> float:
        return (time.monotonic() - since) * workers * self._units

    def _watch(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            hours = self._config.max_hours
            late = hours is not None and time.monotonic() - self._began >= hours * 3600
            if late or self.is_spent:
                self._on_limit()
                return
