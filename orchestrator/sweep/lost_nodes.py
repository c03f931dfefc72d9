"""Whether a machine left the cluster while a trial ran: its processes then die through no fault of the trial."""

from __future__ import annotations

import time

import ray

NOTICE_SECONDS = 40.0
"""For which Ray may only know that a process does not answer, before it gives up the machine."""
LOOK_SECONDS = 0.5


class NodeWatch:
    """Remembers which machines there were when each trial began."""

    def __init__(self) -> None:
        self._at_start: dict[str, frozenset[str]] = {}

    def began(self, key: str) -> None:
        """A trial starts now."""
        self._at_start[key] = _alive()

    def has_lost_one(self, key: str, *, is_unclear: bool) -> bool:
        """Whether a machine left since the trial began.

        Args:
            key: of the trial.
            is_unclear: a process does not answer, which is all that Ray knows at first; waited for until it knows more.
        """
        at_start = self._at_start.get(key, frozenset())
        end = time.monotonic() + (NOTICE_SECONDS if is_unclear and len(at_start) > 1 else 0.0)
        while not (lost := at_start - _alive()) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
        return bool(lost)


def _alive() -> frozenset[str]:
    return frozenset(node["NodeID"] for node in ray.nodes() if node["Alive"])
