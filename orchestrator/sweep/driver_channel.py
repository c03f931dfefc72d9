"""The driver channel: a Ray actor that carries updates of trials to the driver, and its stop request to them."""

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
from orchestrator.trial.updates import Listener, Measured, StopRequest, Update

log = logging.getLogger(__name__)

POLL_SECONDS = 0.3
ASK_SECONDS = 5.0
"""Timeout of a call to the actor."""
FLUSH_EVERY = 20
"""Step updates that a trial sends together; every other update is sent at once."""


class ChannelActor:
    """Buffers updates of trials until the driver takes them, and holds its stop request."""

    def __init__(self) -> None:
        self._updates: list[Update] = []
        self._failures: dict[str, FailureRecord] = {}
        self._stop_request: StopRequest | None = None

    def put(self, updates: list[Update]) -> None:
        """Buffers updates of a trial."""
        self._updates.extend(updates)

    def take(self) -> list[Update]:
        """The updates since the last call."""
        taken, self._updates = self._updates, []
        return taken

    def put_failure(self, key: str, failure: FailureRecord) -> None:
        """Keeps the failure that a trial raised."""
        self._failures[key] = failure

    def take_failure(self, key: str) -> FailureRecord | None:
        """The failure that a trial raised since the last call; None if there is none."""
        return self._failures.pop(key, None)

    def stop(self, stop_request: StopRequest) -> None:
        """Asks all trials to end; the first request stands."""
        self._stop_request = self._stop_request or stop_request

    def stop_request(self) -> StopRequest | None:
        """The stop request, if there is one."""
        return self._stop_request


class ChannelSender:
    """The channel as a trial's process uses it; see `DriverChannel`."""

    def __init__(self, channel_actor: Any) -> None:
        self._channel_actor = channel_actor
        self._gathered: list[Update] = []
        self._lock = threading.Lock()

    def send(self, update: Update) -> None:
        """Sends an update; updates of single steps are sent in batches."""
        is_step = isinstance(update, Measured) and update.line.kind == "step"
        with self._lock:
            self._gathered.append(update)
            if not is_step or len(self._gathered) >= FLUSH_EVERY:
                self._channel_actor.put.remote(self._gathered)
                self._gathered = []

    def send_failure(self, key: str, failure: FailureRecord) -> None:
        """Sends what a trial raised, and waits until it has arrived, as the driver asks for it at once."""
        with suppress(ray.exceptions.RayError):
            ray.get(self._channel_actor.put_failure.remote(key, failure), timeout=ASK_SECONDS)

    def failure(self, key: str) -> FailureRecord | None:
        """The failure that a trial has sent; None if it sent none."""
        with suppress(ray.exceptions.RayError):
            failure: FailureRecord | None = ray.get(self._channel_actor.take_failure.remote(key), timeout=ASK_SECONDS)
            return failure
        return None

    def stop_trials(self, stop_request: StopRequest) -> None:
        """Asks all running trials to write a checkpoint and end."""
        self._channel_actor.stop.remote(stop_request)

    def stop_request(self) -> StopRequest | None:
        """See `DriverChannel`."""
        try:
            stop_request: StopRequest | None = ray.get(self._channel_actor.stop_request.remote(), timeout=ASK_SECONDS)
        except ray.exceptions.RayError:
            return None
        return stop_request


class ChannelReceiver:
    """The channel as the driver uses it: a thread passes updates on to listeners while the context is open."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        # On the driver's own node: if another node held the actor and was lost, no stop request would arrive.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self.channel_actor = ray.remote(num_cpus=0)(ChannelActor).options(scheduling_strategy=here).remote()
        self._listeners = listeners
        self._asked: ray.ObjectRef[list[Update]] | None = None
        """A call that the actor has not answered yet."""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="driver channel", daemon=True)

    def __enter__(self) -> ChannelReceiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()
        if self._asked is not None:
            self._pass_on()
        self._pass_on()

    def stop_trials(self, stop_request: StopRequest) -> None:
        """Asks all running trials to write a checkpoint and end."""
        self.channel_actor.stop.remote(stop_request)

    def _poll(self) -> None:
        while not self._closing.wait(POLL_SECONDS):
            self._pass_on()

    def _pass_on(self) -> None:
        self._asked = self._asked or self.channel_actor.take.remote()
        try:
            updates = ray.get(self._asked, timeout=ASK_SECONDS)
        except ray.exceptions.GetTimeoutError:
            return  # a busy machine takes long to start the actor; the answer is waited for, as it holds updates
        except ray.exceptions.RayError:
            # The actor is lost with its node: nothing is shown any more, but trials go on and storage has everything.
            self._closing.set()
            return
        self._asked = None
        for update in updates:
            for listener in self._listeners:
                _pass_to(listener, update)


def _pass_to(listener: Listener, update: Update) -> None:
    """Passes an update on; an exception of one listener must not keep it from the others."""
    try:
        listener.on_update(update)
    except Exception:
        log.exception("%s was lost on %s", type(update).__name__, type(listener).__name__)
