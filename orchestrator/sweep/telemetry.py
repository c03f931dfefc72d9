"""Carries updates from trial processes to the driver, and its wish to stop back, through one small Ray actor."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import ray
import ray.exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from experiments.records import FailureRecord
from orchestrator.trial.updates import Listener, Measured, Update, Wish

log = logging.getLogger(__name__)

POLL_SECONDS = 0.3
ASK_SECONDS = 5.0
"""For which either end waits for an answer of the mailbox."""
FLUSH_EVERY = 20
"""Step updates that a trial gathers before it sends them; everything else goes at once."""


class Mailbox:
    """Holds updates until the driver asks for them."""

    def __init__(self) -> None:
        self._updates: list[Update] = []
        self._failures: dict[str, FailureRecord] = {}
        self._wish: Wish | None = None

    def put(self, updates: list[Update]) -> None:
        """Takes in what a trial sends."""
        self._updates.extend(updates)

    def take(self) -> list[Update]:
        """Hands over all that has come since the last call."""
        taken, self._updates = self._updates, []
        return taken

    def put_failure(self, key: str, failure: FailureRecord) -> None:
        """Takes in what a trial raised."""
        self._failures[key] = failure

    def take_failure(self, key: str) -> FailureRecord | None:
        """Hands over what a trial raised since the last call."""
        return self._failures.pop(key, None)

    def stop(self, wish: Wish) -> None:
        """All trials shall end; the first wish stands."""
        self._wish = self._wish or wish

    def wish(self) -> Wish | None:
        """As what all trials shall end, if they shall."""
        return self._wish


class Sender:
    """A process's end of the mailbox; see `Link`."""

    def __init__(self, mailbox: Any) -> None:
        self._mailbox = mailbox
        self._gathered: list[Update] = []
        self._lock = threading.Lock()

    def tell(self, update: Update) -> None:
        """Sends an update, or gathers it when it is one of many."""
        is_step = isinstance(update, Measured) and update.line.kind == "step"
        with self._lock:
            self._gathered.append(update)
            if not is_step or len(self._gathered) >= FLUSH_EVERY:
                self._mailbox.put.remote(self._gathered)
                self._gathered = []

    def tell_failure(self, key: str, failure: FailureRecord) -> None:
        """Sends what a trial raised; returns when it has arrived, as the driver asks for it at once."""
        with suppress(ray.exceptions.RayError):
            ray.get(self._mailbox.put_failure.remote(key, failure), timeout=ASK_SECONDS)

    def failure(self, key: str) -> FailureRecord | None:
        """What a trial has told that it raised; None if it told nothing."""
        with suppress(ray.exceptions.RayError):
            failure: FailureRecord | None = ray.get(self._mailbox.take_failure.remote(key), timeout=ASK_SECONDS)
            return failure
        return None

    def stop_trials(self, wish: Wish) -> None:
        """Asks all running trials to write a checkpoint and end."""
        self._mailbox.stop.remote(wish)

    def wish(self) -> Wish | None:
        """See `Link`."""
        try:
            wish: Wish | None = ray.get(self._mailbox.wish.remote(), timeout=ASK_SECONDS)
        except ray.exceptions.RayError:
            return None
        return wish


class Receiver:
    """The driver's end: a thread that passes updates on to the listeners while the context is open."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        # On the driver's own node: were it on another one, that node could take all wishes to stop with it.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self.mailbox = ray.remote(num_cpus=0)(Mailbox).options(scheduling_strategy=here).remote()
        self._listeners = listeners
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="telemetry", daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()
        self._pass_on()

    def stop_trials(self, wish: Wish) -> None:
        """Asks all running trials to write a checkpoint and end."""
        self.mailbox.stop.remote(wish)

    def _poll(self) -> None:
        while not self._closing.wait(POLL_SECONDS):
            self._pass_on()

    def _pass_on(self) -> None:
        try:
            updates = ray.get(self.mailbox.take.remote(), timeout=ASK_SECONDS)
        except ray.exceptions.RayError:
            # The mailbox went down with its node: nothing is shown any more, but trials run on and storage has it all.
            self._closing.set()
            return
        for update in updates:
            for listener in self._listeners:
                _pass_to(listener, update)


def _pass_to(listener: Listener, update: Update) -> None:
    """One listener's mistake must not make the others deaf."""
    try:
        listener.on_update(update)
    except Exception:
        log.exception("%s was lost on %s", type(update).__name__, type(listener).__name__)
