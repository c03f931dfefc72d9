"""Starts or joins Ray. Importing this file does not import Ray."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from experiments.errors import InputError, Problem

ENVIRONMENT = {
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # each report waits for the next poll: 2 s apiece by default
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "120",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}
OBJECT_STORE_BYTES = 256 * 1024**2
"""Of a local Ray: trials exchange metric lines only, their data stays on disk."""


@dataclass(frozen=True)
class Cluster:
    """What Ray offers."""

    cpus: float
    gpus: float


@contextmanager
def running_ray(address: str | None, verbose: bool) -> Iterator[Cluster]:
    """Ray for the duration of a sweep: the cluster at `address`, or one on this machine that ends with the sweep.

    Raises:
        InputError: no cluster answers at the address.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray

    level = logging.INFO if verbose else logging.ERROR
    try:
        # The dashboard stays on: without it Ray never cleans up after a worker group that was stopped early.
        options = {"include_dashboard": True, "object_store_memory": OBJECT_STORE_BYTES} if address is None else {}
        context = ray.init(
            address=address or "local", log_to_driver=verbose, logging_level=level, configure_logging=True, **options
        )
    except ConnectionError as error:
        remedy = "start the cluster, or unset RAY_ADDRESS to run on this machine"
        raise InputError(Problem(f"RAY_ADDRESS {address}", f"no Ray cluster answers: {error}", remedy)) from None
    if not verbose:
        for name in ("ray", "ray.train", "ray.data"):
            logging.getLogger(name).setLevel(logging.ERROR)
        # Tune's errors are tracebacks of trials that failed: those are in storage, and in the live view as a line.
        logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    # Worker groups are cleaned up through the State API, which must not find another Ray of this machine instead.
    os.environ["RAY_API_SERVER_ADDRESS"] = f"http://{context.dashboard_url}"
    try:
        resources = ray.cluster_resources()
        yield Cluster(cpus=resources.get("CPU", 0.0), gpus=resources.get("GPU", 0.0))
    finally:
        ray.shutdown()
