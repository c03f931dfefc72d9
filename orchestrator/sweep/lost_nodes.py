"""Whether a machine left the cluster while a trial ran: its processes then die through no fault of the trial."""

from __future__ import annotations

import time

import ray

from orchestrator.sweep.ray_address import takes_connections

NOTICE_SECONDS = 40.0
"""For which a machine may not answer before Ray gives it up."""
LOOK_SECONDS = 0.5


class NodeWatch:
    """Remembers which machines there were when each trial began."""

    def __init__(self) -> None:
        self._at_start: dict[str, frozenset[str]] = {}

    def began(self, key: str) -> None:
        """A trial starts now."""
        self._at_start[key] = frozenset(_alive())

    def has_lost_one(self, key: str) -> bool:
        """Whether a machine left since the trial began; while one of them does not answer, Ray is waited for."""
        at_start, end = self._at_start.get(key, frozenset()), time.monotonic() + NOTICE_SECONDS
        while not (lost := at_start - (alive := _alive()).keys()) and time.monotonic() < end:
            if all(takes_connections(*alive[node]) for node in at_start):
                return False
            time.sleep(LOOK_SECONDS)
        return bool(lost)


def _alive() -> dict[str, tuple[str, int]]:
    """The machines that Ray has not given up, and where each one's raylet listens."""
    nodes = (node for node in ray.nodes() if node["Alive"])
    return {node["NodeID"]: (node["NodeManagerAddress"], node["NodeManagerPort"]) for node in nodes}
