"""Ray's processes may die under a sweep. The driver notices in time to end in order.

Ray itself takes some ten seconds to hear of it, prints what its processes logged, and ends the driver where it stands.
"""

from __future__ import annotations

import threading
from typing import Any

import ray
from ray import tune

from orchestrator.sweep.ray_address import takes_connections

LOOK_SECONDS = 0.5
LOOKS = 3
"""For so many a place must be silent, lest one lost connection ends a sweep."""


class RayDiedError(BaseException):
    """Raised inside of Ray Tune, which may not take it for an error of its own and clean up for seconds."""


class DeathWatch(tune.Callback):
    """Watches this machine's raylet, and the head if it runs here too, while the context is open; ends Tune's loop."""

    def __init__(self) -> None:
        self._closing, self._is_dead = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="Ray's processes", daemon=True)

    def __enter__(self) -> DeathWatch:
        self._places = _places()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune stores its callbacks; this one has nothing to restore.

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:  # noqa: ARG002
        """Tune looks for news, several times a second.

        Raises:
            RayDiedError: one of the places takes no connections any more.
        """
        if self._is_dead.is_set():
            raise RayDiedError

    def _watch(self) -> None:
        silent = 0
        while silent < LOOKS and not self._closing.wait(LOOK_SECONDS):
            silent = 0 if all(takes_connections(*place) for place in self._places) else silent + 1
        if silent == LOOKS:
            self._is_dead.set()


def _places() -> list[tuple[str, int]]:
    context = ray.get_runtime_context()
    here = next(node for node in ray.nodes() if node["NodeID"] == context.get_node_id())
    head, _, port = context.gcs_address.rpartition(":")
    raylet = (here["NodeManagerAddress"], here["NodeManagerPort"])
    return [raylet, (head, int(port))] if head == here["NodeManagerAddress"] else [raylet]
