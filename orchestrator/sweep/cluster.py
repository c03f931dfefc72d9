"""Starts or joins Ray. Importing this file does not import Ray."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from experiments.errors import InputError, Problem

ENVIRONMENT = {
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # each report waits for the next poll: 2 s apiece by default
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "120",
    "TORCH_PROCESS_GROUP_SHUTDOWN_TIMEOUT_S": "5",  # for which a group that ends waits for one that hangs
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_MAX_PENDING_TRIALS_PG": "1000",  # one by default, so that actors would start one after the other
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # a trial's last report says only that it is done
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C lets trials write checkpoints first
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}
OBJECT_STORE_BYTES = 256 * 1024**2
"""Of a local Ray: trials exchange metric lines only, their data stays on disk."""
CONNECT_SECONDS = 5.0
JOB_VARIABLE = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""Ray sets it where a submitted job's driver runs."""
LONGEST_TEMPORARY = 24
"""Characters of the folder below which Ray's may lie: the paths of its sockets end at 107."""
ROUNDING = 1e-6
"""So that ten workers of 0.1 CPU fit on one."""


@dataclass(frozen=True)
class Node:
    """One machine of the cluster."""

    cpus: float
    gpus: float


@dataclass(frozen=True)
class Cluster:
    """The machines that Ray has."""

    nodes: tuple[Node, ...]

    @property
    def has_gpus(self) -> bool:
        """Whether any machine has a GPU."""
        return any(node.gpus for node in self.nodes)

    def places(self, cpus: float, gpus: float) -> int:
        """Workers of this size that fit at once; a worker lies on one machine."""
        return sum(
            int(min(node.cpus / cpus, node.gpus / gpus if gpus else node.cpus / cpus) + ROUNDING) for node in self.nodes
        )


@contextmanager
def running_ray(address: str | None, verbose: bool) -> Iterator[None]:
    """Ray for the duration of a sweep: the cluster at `address`, or one on this machine that ends with the sweep.

    Raises:
        InputError: no cluster answers at the address.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    remedy = "start the cluster, or unset RAY_ADDRESS to run on this machine"
    if address and not listens(address):
        raise InputError(Problem(f"RAY_ADDRESS {address}", "cannot be used: nobody listens there", remedy))
    import ray

    level = logging.INFO if verbose else logging.ERROR
    folder = _own_folder()
    try:
        # Workers look for modules where the driver is when it connects, before they look among installed ones.
        with chdir(folder):
            ray.init(
                address=address or "local",
                log_to_driver=verbose,
                logging_level=level,
                configure_logging=True,
                # A job brings them along, and Ray refuses to be told twice.
                runtime_env={"env_vars": ENVIRONMENT} if address and JOB_VARIABLE not in os.environ else None,
                **({} if address else _local_options(folder)),
            )
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if address:
            raise InputError(Problem(f"RAY_ADDRESS {address}", f"cannot be used: {reason}", remedy)) from None
        logs = f"look into its logs below {folder}"
        raise InputError(Problem("Ray on this machine", f"cannot be used: {reason}", logs)) from None
    if not verbose:
        for name in ("ray", "ray.train", "ray.data"):
            logging.getLogger(name).setLevel(logging.ERROR)
        # Tune's errors are tracebacks of trials that failed: those are in storage, and in the live view as a line.
        logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def current_cluster() -> Cluster:
    """What Ray has now; machines come and go."""
    import ray

    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return Cluster(tuple(Node(found.get("CPU", 0.0), found.get("GPU", 0.0)) for found in alive))


def listens(address: str) -> bool:
    """Whether an address takes connections; Ray itself tries for minutes. One without a port is left to Ray."""
    place = urlsplit(address if "://" in address else f"ray://{address}")
    return place.hostname is None or place.port is None or takes_connections(place.hostname, place.port)


def takes_connections(host: str, port: int) -> bool:
    """Whether somebody listens at a port."""
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _own_folder() -> Path:
    """A new, empty folder that nobody else may enter, with a short path.

    Ray's own choice is a folder that everybody may write to, and in which it keeps pickles of what trials raise: with
    it, others on this machine could have us run code of theirs.
    """
    usual = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="combo-", dir=usual if len(usual) <= LONGEST_TEMPORARY else "/tmp"))


def _local_options(folder: Path) -> dict[str, Any]:
    """Of a Ray that this process starts, whose files go below a folder.

    The dashboard stays on: without it Ray never cleans up after a worker group that was stopped early. The clean-up
    asks the dashboard, whose address Ray's processes must know from their start, lest they ask another Ray.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ["RAY_API_SERVER_ADDRESS"] = f"http://127.0.0.1:{port}"
    return {
        "include_dashboard": True,
        "dashboard_port": port,
        "object_store_memory": OBJECT_STORE_BYTES,
        "_temp_dir": str(folder),
    }
