"""Says again and again what a run waits for, where no terminal shows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

WAITING_SECONDS = 10.0
"""The longest silence while nothing is trained."""
TRAINING_SECONDS = 60.0
"""The longest silence while trials train: a log of days stays readable."""
LOOK_SECONDS = 0.5


class Reminder:
    """Calls for a sentence whenever nothing was said for a while.

    Args:
        remind: says it.
        silence: seconds that may pass without a sentence; asked again and again, as it may change.
    """

    def __init__(self, remind: Callable[[], None], silence: Callable[[], float]) -> None:
        self._remind, self._silence = remind, silence
        self._last = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="reminder", daemon=True)

    def __enter__(self) -> Reminder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def said(self) -> None:
        """Notes that something was said just now."""
        self._last = time.monotonic()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if time.monotonic() - self._last >= self._silence():
                self._remind()
                self.said()


@contextmanager
def telling(what: str, console: Console) -> Iterator[None]:
    """Shows what is done meanwhile: with a spinner on a terminal, as a line every ten seconds elsewhere."""
    if console.is_terminal:
        with console.status(what):
            yield
        return
    began = time.monotonic()

    def remind() -> None:
        console.print(f"{what}, for {time.monotonic() - began:.0f} s now", markup=False, highlight=False)

    with Reminder(remind, lambda: WAITING_SECONDS):
        yield
