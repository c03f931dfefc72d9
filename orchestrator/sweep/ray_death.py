"""Notices that Ray's processes on this machine have died, so that the driver can end the sweep in order.

Ray itself needs about ten seconds to notice, prints the logs of its processes, and kills the driver.
"""

from __future__ import annotations

import threading
from typing import Any

import ray
from ray import tune

from orchestrator.sweep.ray_address import takes_connections

LOOK_SECONDS = 0.5
LOOKS = 3
"""Failed looks in a row after which Ray counts as dead, so that one lost connection does not end a sweep."""


class RayDiedError(BaseException):
    """Raised inside Ray Tune; no `Exception`, so that Tune does not handle it and clean up for seconds."""


class DeathWatch(tune.Callback):
    """Watches this machine's raylet, and the head if it runs here too, while the context is open; ends Tune's loop."""

    def __init__(self) -> None:
        self._closing, self._is_dead = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="Ray's processes", daemon=True)

    def __enter__(self) -> DeathWatch:
        self._addresses = _addresses()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune stores its callbacks; this one has nothing to restore.

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:  # noqa: ARG002
        """Called several times a second by Tune's loop.

        Raises:
            RayDiedError: one of Ray's processes takes no connections any more.
        """
        if self._is_dead.is_set():
            raise RayDiedError

    def _watch(self) -> None:
        silent = 0
        while silent < LOOKS and not self._closing.wait(LOOK_SECONDS):
            silent = 0 if all(takes_connections(*address) for address in self._addresses) else silent + 1
        if silent == LOOKS:
            self._is_dead.set()


def _addresses() -> list[tuple[str, int]]:
    context = ray.get_runtime_context()
    here = next(node for node in ray.nodes() if node["NodeID"] == context.get_node_id())
    head, _, port = context.gcs_address.rpartition(":")
    raylet = (here["NodeManagerAddress"], here["NodeManagerPort"])
    return [raylet, (head, int(port))] if head == here["NodeManagerAddress"] else [raylet]
