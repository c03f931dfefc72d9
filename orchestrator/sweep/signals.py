"""Signals that end a sweep early without losing anything."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from orchestrator.trial.updates import StopRequest

MACHINE_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""Signals of a machine that is about to be preempted, or of a terminal that is closed."""


@contextmanager
def handling_signals(on_signal: Callable[[StopRequest], None]) -> Iterator[None]:
    """Handles the first Ctrl-C, SIGTERM (preemption) or SIGHUP (terminal closed) as a stop request; the next one kills.

    Main thread only. SIGHUP stays ignored where the process was started with it ignored, as nohup does.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *MACHINE_SIGNALS)}
    if before[signal.SIGHUP] == signal.SIG_IGN:
        del before[signal.SIGHUP]

    def heed(number: int, _frame: FrameType | None) -> None:
        restore()
        if number == signal.SIGHUP:
            _write_nowhere()
        on_signal("preempted" if number in MACHINE_SIGNALS else "stopped")

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
    """Redirects output to /dev/null, as writing to a closed terminal would raise and end the sweep."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream.isatty():
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
