"""Waits until so many nodes have joined the Ray cluster at RAY_ADDRESS: `wait_for_nodes.py NODES`.

Goes on with fewer after five minutes, since the others may still join, and fails without any.
"""

from __future__ import annotations

import logging
import sys
import time

import ray
from ray.exceptions import RaySystemError

DEADLINE_SECONDS = 300.0
PAUSE_SECONDS = 1.0


def wait_for_nodes(wanted: int) -> int:
    """Returns how many nodes are alive once all wanted ones are, or the time is over; 0 if no head answers."""
    end = time.monotonic() + DEADLINE_SECONDS
    alive = 0
    while alive < wanted and time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR, ignore_reinit_error=True)
        except (ConnectionError, RaySystemError, RuntimeError):
            continue  # the head is still starting
        alive = sum(node["Alive"] for node in ray.nodes())
    return alive


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    alive = wait_for_nodes(wanted)
    print(f"{alive} of {wanted} Ray nodes are there", flush=True)
    sys.exit(0 if alive else 1)
