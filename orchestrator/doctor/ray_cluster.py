"""Does Ray start here, or answer at RAY_ADDRESS, and run a task?

As a program (`python -m orchestrator.doctor.ray_cluster [ADDRESS]`) it tries, and prints what it finds.
"""

from __future__ import annotations

import json
import sys
import time

from experiments.errors import InputError
from orchestrator.doctor.finding import Finding, fail, ok
from orchestrator.doctor.own_process import ProbeError, run_in_own_process
from orchestrator.sweep.ray_address import refuse_unusable

SECONDS = 120.0
CURE_THERE = "check that this machine has the same Ray and Python as the cluster, and its token"
CURE_HERE = "look for an old Ray with 'ray status', and into the logs of the new one"


def look_at_ray(address: str | None) -> Finding:
    """Starts a Ray on this machine for a moment, or joins the cluster.

    Args:
        address: of a running cluster; None starts one.
    """
    words = [address] if address else []
    try:
        if address:
            refuse_unusable(address)
        told = json.loads(run_in_own_process("orchestrator.doctor.ray_cluster", *words, seconds=SECONDS))
    except InputError as error:
        (problem,) = error.problems
        return fail(f"{problem.where} {problem.what}", problem.remedy)
    except ProbeError as error:
        return fail(str(error).removeprefix("error: "), CURE_THERE if address else CURE_HERE)
    nodes = f"{told['nodes']} node" + ("s" if told["nodes"] > 1 else "")
    how = f"joined {address}" if address else "started here"
    return ok(
        f"{how} in {told['start']:.1f} s, first task after {told['task']:.1f} s; {nodes}, {told['cpus']:g} CPUs, "
        f"{told['gpus']:g} GPUs; dashboard {told['dashboard'] or 'off'}"
    )


def _main(address: str | None) -> None:
    from orchestrator.sweep.cluster import running_ray

    began = time.monotonic()
    try:
        with running_ray(address, verbose=False, with_groups=True):
            import ray

            started = time.monotonic()
            ray.get(ray.remote(num_cpus=0)(_answer).remote())
            found = ray.cluster_resources()
            told = {
                "start": started - began,
                "task": time.monotonic() - started,
                "nodes": sum(node["Alive"] for node in ray.nodes()),
                "cpus": found.get("CPU", 0.0),
                "gpus": found.get("GPU", 0.0),
                "dashboard": ray.init(ignore_reinit_error=True).dashboard_url,
            }
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
    print(json.dumps(told))


def _answer() -> bool:
    return True


if __name__ == "__main__":
    _main(sys.argv[1] if len(sys.argv) > 1 else None)
