"""Signals that end a sweep early without losing anything."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from orchestrator.trial.updates import Wish

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
