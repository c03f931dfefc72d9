"""The heartbeat of an attempt: a thread that renews its lease, polls for stop requests, and kills a hung process."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from orchestrator.trial.leases import HEARTBEAT_SECONDS, AttemptLease, LeaseTakenError
from orchestrator.trial.termination import termination_requested
from orchestrator.trial.updates import DriverChannel, StopRequest

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LAST_WRITE_SECONDS = 5.0
"""Time that a hung attempt gets to store that it hangs."""


class Heartbeat:
    """Sends heartbeats while the context is open.

    Args:
        attempt: the lease to renew.
        channel: to the driver.
        hang_seconds: without progress after which the process is killed.
        on_hang: stores why; gets the seconds without progress, and some seconds until the process is killed.
    """

    def __init__(
        self, attempt: AttemptLease, channel: DriverChannel, hang_seconds: float, on_hang: Callable[[float], None]
    ) -> None:
        self._attempt, self._channel = attempt, channel
        self._hang_seconds, self._on_hang = hang_seconds, on_hang
        self._progressed = time.monotonic()
        self._closing, self._fenced = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self.stop_request: StopRequest | None = None
        """How the attempt should end early; None if it should not."""

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join(LAST_WRITE_SECONDS)

    def progress(self, step: int, m_j: float | None = None) -> None:
        """Notes progress; resets the hang timer."""
        self._progressed = time.monotonic()
        self._attempt.progress(step, m_j)

    def should_stop(self) -> bool:
        """Whether the trial should write a checkpoint and end; reads no storage.

        Called after every step and every clip of a validation, so that a call resets the hang timer too.

        Raises:
            LeaseTakenError: the lease is lost, so that nothing may be written any more.
        """
        if self._fenced:
            raise LeaseTakenError(f"attempt {self._attempt.record.attempt} was thought dead and is continued elsewhere")
        self._progressed = time.monotonic()
        if self.stop_request is None and termination_requested():
            self.stop_request = "preempted"
        return self.stop_request is not None

    def _run(self) -> None:
        renewed = time.monotonic()
        while not self._closing.wait(LOOK_SECONDS):
            still = time.monotonic() - self._progressed
            if still > self._hang_seconds:
                self._end_process(still)
            self.stop_request = self.stop_request or self._channel.stop_request()
            if time.monotonic() - renewed >= HEARTBEAT_SECONDS:
                renewed = time.monotonic()
                self._renew_lease()

    def _renew_lease(self) -> None:
        try:
            if self._attempt.is_fenced():
                self._fenced = True
            elif self._attempt.is_asked_to_stop():
                self.stop_request = "stopped"
            else:
                self._attempt.renew()
        except Exception as error:
            # While storage is unavailable no other run can acquire the lease either; the next heartbeat tries again.
            log.warning("the heartbeat could not be written: %s", error)

    def _end_process(self, still: float) -> None:
        last_write = threading.Thread(target=self._on_hang, args=(still,), daemon=True)
        last_write.start()
        last_write.join(LAST_WRITE_SECONDS)
        os._exit(1)
