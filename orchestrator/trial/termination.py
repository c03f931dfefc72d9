"""SIGTERM as a stop request: preempted processes get some seconds, in which a checkpoint is written."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_REQUESTED, _TRAINING = threading.Event(), threading.Event()


def listen_for_termination() -> None:
    """Makes SIGTERM end this process only after the trial that it trains was checkpointed; main thread only.

    Ray ends processes by SIGTERM too, and by force some seconds later: one that trains nothing goes at once.
    """
    before = signal.getsignal(signal.SIGTERM)

    def heed(number: int, frame: FrameType | None) -> None:
        _REQUESTED.set()
        if _TRAINING.is_set():
            return
        if callable(before):
            before(number, frame)
        sys.exit(1)

    signal.signal(signal.SIGTERM, heed)


@contextmanager
def training() -> Iterator[None]:
    """While a trial is trained here, SIGTERM is a stop request."""
    _TRAINING.set()
    try:
        yield
    finally:
        _TRAINING.clear()


def termination_requested() -> bool:
    """Whether this process has received SIGTERM."""
    return _REQUESTED.is_set()
