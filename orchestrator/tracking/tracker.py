"""Mirrors a sweep to MLflow while it runs: one parent run for the sweep, one nested run per trial.

Everything happens on a thread of the driver, so MLflow never slows training; and nothing here raises, so MLflow
never ends it. Storage is the truth, MLflow a view of it: what MLflow cannot be told now is told later from storage.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence

from experiments.errors import Problem
from experiments.trial import Trial
from orchestrator.settings import Settings
from orchestrator.tracking.failures import explain
from orchestrator.tracking.live_sweep import LiveSweep
from orchestrator.tracking.retry_policy import is_transient
from orchestrator.trial.updates import Update

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between deliveries: what was measured meanwhile goes out together."""
LONGEST_PAUSE = 30.0
"""Seconds between tries while MLflow is away."""
SILENCE = 15.0
"""Seconds without an answer of MLflow after which a sweep that is over waits no longer."""
LAST_TRIES = 3
"""In a row, after which a sweep that is over gives up what trying again cannot mend."""
LONGEST_END = 60.0
"""Seconds that a sweep which is over waits for MLflow at most."""


class Tracker:
    """A listener that logs to MLflow in the background while the context is open.

    Args:
        settings: MLflow's address and storage.
        experiment: MLflow experiment, one per paper.
        sweep: name of the sweep; running it again continues the same parent run.
        trials: those that run.
        finished: those that were finished before; what MLflow lacks of them is made up for.
    """

    def __init__(
        self, settings: Settings, experiment: str, sweep: str, trials: Sequence[Trial], finished: Sequence[Trial]
    ) -> None:
        self._settings = settings
        self._updates: queue.SimpleQueue[Update | None] = queue.SimpleQueue()
        self._given_up = threading.Event()
        # No server can be away where there is none: making the embedded database may take its time.
        self._silence = LONGEST_END if settings.has_own_mlflow else SILENCE
        self._live = LiveSweep(settings, experiment, sweep, trials, finished, self._given_up)
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._last_error: Exception | None = None

    def __enter__(self) -> Tracker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._updates.put(None)
        began = time.monotonic()
        while self._thread.is_alive():
            self._thread.join(0.1)
            silent_since = max(began, self._live.answered)
            if time.monotonic() > min(silent_since + self._silence, began + LONGEST_END):
                break
        self._given_up.set()

    @property
    def trouble(self) -> Problem | None:
        """Once the context is closed: why MLflow is incomplete; None if it is complete."""
        if self._live.is_told:
            return None
        return explain(self._last_error or TimeoutError(), self._settings)

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        self._updates.put(update)

    def _work(self) -> None:
        over, failures = False, 0
        while not (self._given_up.is_set() or (over and self._live.is_told)):
            try:
                self._live.deliver()
                failures = 0
            except Exception as error:
                # Whatever MLflow raises, from a refused connection to a locked file, training must not notice.
                failures += 1
                self._last_error = error
                log.debug("MLflow could not be written", exc_info=error)
                if over and failures >= LAST_TRIES and not is_transient(error):
                    return
            pause = min(EVERY if failures == 0 else 2.0**failures, LONGEST_PAUSE)
            if over:
                self._given_up.wait(min(pause, 1.0) if failures else 0.0)
            else:
                over = self._gather(pause)

    def _gather(self, seconds: float) -> bool:
        """Queues updates for some seconds; returns whether the sweep is over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                update = self._updates.get(timeout=left)
            except queue.Empty:
                break
            if update is None:
                self._live.close()
                return True
            self._live.take(update)
        return False
