"""The sign of life of an attempt: a thread that keeps the claim, hears wishes to stop, and ends what hangs."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from orchestrator.trial.attempts import BEAT_SECONDS, Attempt, AttemptTakenError
from orchestrator.trial.termination import termination_requested
from orchestrator.trial.updates import Link, Wish

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
FAREWELL_SECONDS = 5.0
"""For which a hanging attempt may try to write down that it hangs."""


class Pulse:
    """Beats while the context is open.

    Args:
        attempt: the claim that it keeps.
        link: to the driver.
        hang_seconds: without progress after which the process is ended.
        on_hang: writes down why; given some seconds, then the process is gone either way.
    """

    def __init__(self, attempt: Attempt, link: Link, hang_seconds: float, on_hang: Callable[[float], None]) -> None:
        self._attempt, self._link = attempt, link
        self._hang_seconds, self._on_hang = hang_seconds, on_hang
        self._progressed = time.monotonic()
        self._closing, self._superseded = threading.Event(), False
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)
        self.wish: Wish | None = None
        """Why the trial shall end early, if it shall."""

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join(FAREWELL_SECONDS)

    def progress(self, step: int, m_j: float | None = None) -> None:
        """Training has come this far."""
        self._progressed = time.monotonic()
        self._attempt.progress(step, m_j)

    def should_stop(self) -> bool:
        """Whether the trial shall write a checkpoint and end; costs nothing.

        It is asked after every step and every clip of a validation, so that it is a sign of progress too.

        Raises:
            AttemptTakenError: another run has claimed the trial, so that nothing must be written any more.
        """
        if self._superseded:
            raise AttemptTakenError(
                f"attempt {self._attempt.record.attempt} was thought dead and is continued elsewhere"
            )
        self._progressed = time.monotonic()
        if self.wish is None and termination_requested():
            self.wish = "preempted"
        return self.wish is not None

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._closing.wait(LOOK_SECONDS):
            still = time.monotonic() - self._progressed
            if still > self._hang_seconds:
                self._end_process(still)
            self.wish = self.wish or self._link.wish()
            if time.monotonic() - renewed >= BEAT_SECONDS:
                renewed = time.monotonic()
                self._keep_claim()

    def _keep_claim(self) -> None:
        try:
            if self._attempt.is_superseded():
                self._superseded = True
            elif self._attempt.is_asked_to_stop():
                self.wish = "stopped"
            else:
                self._attempt.renew()
        except Exception as error:
            # While storage is away nobody else can claim the trial either; the next beat tries again.
            log.warning("the sign of life could not be written: %s", error)

    def _end_process(self, still: float) -> None:
        farewell = threading.Thread(target=self._on_hang, args=(still,), daemon=True)
        farewell.start()
        farewell.join(FAREWELL_SECONDS)
        os._exit(1)
