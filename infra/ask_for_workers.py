"""Runs a command while Ray's autoscaler is asked for workers: `ask_for_workers.py 8 --gpus 1 -- combo run EXPERIMENT`.

`combo run` takes the room that a cluster has and refuses one that has none, so where nodes come and go with the work
somebody must ask for them first. The command starts as soon as one worker has room; the others join while it runs.
What is asked for is given back when the command ends, also by a signal, and idle nodes then go.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time

import ray
from ray.autoscaler.sdk import request_resources

PAUSE_SECONDS = 2.0


def wait_for_room(worker: dict[str, float]) -> None:
    """Returns once some node has so many CPUs and GPUs."""
    while not any(
        node["Alive"] and all(node["Resources"].get(name, 0.0) >= amount for name, amount in worker.items())
        for node in ray.nodes()
    ):
        time.sleep(PAUSE_SECONDS)


def run_with_workers(count: int, worker: dict[str, float], command: list[str]) -> int:
    """Exit code of a command that ran while so many workers were asked for; it gets this process's SIGTERM."""
    request_resources(bundles=[worker] * count)
    try:
        wait_for_room(worker)
        process = subprocess.Popen(command)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()
    finally:
        request_resources(bundles=[])


def main() -> int:
    """Reads the words and runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workers", type=int)
    parser.add_argument("--cpus", type=float, default=1.0, help="of each worker, as combo run's --cpus-per-worker")
    parser.add_argument("--gpus", type=float, default=0.0, help="of each worker, as combo run's --gpus-per-worker")
    parser.add_argument("command", nargs="+", help="after --")
    given = parser.parse_args()
    ray.init(address="auto", log_to_driver=False)
    worker = {"CPU": given.cpus, **({"GPU": given.gpus} if given.gpus else {})}
    return run_with_workers(given.workers, worker, given.command)


if __name__ == "__main__":
    sys.exit(main())
