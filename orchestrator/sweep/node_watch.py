"""Whether a node left the cluster while a trial ran, so that its failure is not the trial's fault."""

from __future__ import annotations

import time

import ray
from ray.core.generated.common_pb2 import NodeDeathInfo

from orchestrator.sweep.ray_address import takes_connections

NOTICE_SECONDS = 40.0
"""Time in which Ray marks a node as dead that does not answer."""
LOOK_SECONDS = 0.5
ENDED_IDLE = NodeDeathInfo.Reason.AUTOSCALER_DRAIN_IDLE


class NodeWatch:
    """Records which nodes were alive when each trial started."""

    def __init__(self) -> None:
        self._at_start: dict[str, frozenset[str]] = {}

    def began(self, key: str) -> None:
        """Records the nodes as a trial starts."""
        self._at_start[key] = frozenset(_alive())

    def has_lost_one(self, key: str) -> bool:
        """Whether a node left since the trial started; waits for Ray's verdict while a node does not answer.

        Nodes that an autoscaler ended because they were idle do not count: no trial was there.
        """
        at_start, end = self._at_start.get(key, frozenset()), time.monotonic() + NOTICE_SECONDS
        at_start -= _ended_idle()
        while not (lost := at_start - (alive := _alive()).keys()) and time.monotonic() < end:
            if all(takes_connections(*alive[node]) for node in at_start):
                return False
            time.sleep(LOOK_SECONDS)
        return bool(lost)


def _alive() -> dict[str, tuple[str, int]]:
    """Nodes that Ray counts as alive, by id, with the address of each raylet."""
    nodes = (node for node in ray.nodes() if node["Alive"])
    return {node["NodeID"]: (node["NodeManagerAddress"], node["NodeManagerPort"]) for node in nodes}


def _ended_idle() -> frozenset[str]:
    """Ids of the nodes that were ended because they were idle."""
    return frozenset(node["NodeID"] for node in ray.nodes() if node.get("DeathReason") == ENDED_IDLE)
