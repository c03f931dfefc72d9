"""Ways to end a sweep early without losing anything: signals, and the request of `combo stop`."""

from __future__ import annotations

import os
import signal
import sys
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
ENDS_OF_THE_PLACE = (signal.SIGTERM, signal.SIGHUP)
"""Signals that say that the place where the sweep runs is going away."""


@contextmanager
def heeding_signals(on_signal: Callable[[Wish], None]) -> Iterator[None]:
    """The first Ctrl-C, SIGTERM (a preemption) or SIGHUP (the terminal is gone) is a wish, the next one an order.

    Main thread only. A SIGHUP that whoever started the process has it ignore, as nohup does, stays ignored.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDS_OF_THE_PLACE)}
    if before[signal.SIGHUP] == signal.SIG_IGN:
        del before[signal.SIGHUP]

    def heed(number: int, _frame: FrameType | None) -> None:
        restore()
        if number == signal.SIGHUP:
            _write_nowhere()
        on_signal("preempted" if number in ENDS_OF_THE_PLACE else "stopped")

    def restore() -> None:
        for heeded, handler in before.items():
            signal.signal(heeded, handler)

    for heeded in before:
        signal.signal(heeded, heed)
    try:
        yield
    finally:
        restore()


def _write_nowhere() -> None:
    """Whatever is written to a terminal that is gone would be an error, and end the sweep half-way."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream.isatty():
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


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
