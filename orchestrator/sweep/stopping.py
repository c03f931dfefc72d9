"""Ways to end a sweep early without losing anything: signals, and the request of `combo stop`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from experiments.records import SWEEPS
from experiments.storage.errors import StorageError
from experiments.storage.storage import Storage
from orchestrator.trial.updates import Wish

LOOK_SECONDS = 2.0
STOP_FILE = "stop"


@contextmanager
def heeding_signals(on_signal: Callable[[Wish], None]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM (a preemption) is a wish, the next one an order; main thread only."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def heed(number: int, _frame: FrameType | None) -> None:
        restore()
        on_signal("preempted" if number == signal.SIGTERM else "stopped")

    def restore() -> None:
        for heeded, handler in before.items():
            signal.signal(heeded, handler)

    for heeded in before:
        signal.signal(heeded, heed)
    try:
        yield
    finally:
        restore()


@contextmanager
def heeding_requests(storage: Storage, sweep: str, on_request: Callable[[], None]) -> Iterator[None]:
    """Looks for the request of `combo stop` while the context is open; one that is older is forgotten."""
    name = f"{SWEEPS}/{sweep}/{STOP_FILE}"
    storage.delete(name)
    closing = threading.Event()

    def look() -> None:
        while not closing.wait(LOOK_SECONDS):
            with suppress(OSError, StorageError):
                if storage.read(name) is not None:
                    on_request()
                    return

    thread = threading.Thread(target=look, name="stop requests", daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()


def request_stop(storage: Storage, sweep: str) -> None:
    """Asks every run of a sweep to let its trials write checkpoints and end."""
    storage.write(f"{SWEEPS}/{sweep}/{STOP_FILE}", b"")
