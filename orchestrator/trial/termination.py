"""SIGTERM as a wish: whoever preempts a machine gives its processes some seconds, in which a checkpoint is written."""

from __future__ import annotations

import signal
import threading

_REQUESTED = threading.Event()


def listen_for_termination() -> None:
    """From now on SIGTERM ends this process only after its trial has been checkpointed; main thread only."""
    signal.signal(signal.SIGTERM, lambda *_: _REQUESTED.set())


def termination_requested() -> bool:
    """Whether SIGTERM has come."""
    return _REQUESTED.is_set()
