"""Starts or joins Ray. Importing this file does not import Ray."""

from __future__ import annotations

import logging
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, chdir, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.errors import InputError, Problem
from orchestrator.environment import environment_variable
from orchestrator.sweep.authentication import use_given_token, want_token
from orchestrator.sweep.own_folder import own_folder
from orchestrator.sweep.ray_address import REMEDY

ENVIRONMENT = {
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # each report waits for the next poll: 2 s apiece by default
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",  # a process per group, for what nobody here asks
    "TORCH_PROCESS_GROUP_SHUTDOWN_TIMEOUT_S": "5",  # for which a group that ends waits for one that hangs
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_MAX_PENDING_TRIALS_PG": "1000",  # one by default, so that actors would start one after the other
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # a trial's last report says only that it is done
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C lets trials write checkpoints first
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # a thread that is left behind when Ray died must not start another one
}
OBJECT_STORE_BYTES = 256 * 1024**2
"""Object store of a local Ray: trials send metric lines only, their data stays on disk."""
JOB_VARIABLE = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""Ray sets it where a submitted job's driver runs."""
QUIET_VARIABLE = "RAY_DEDUP_LOGS_SKIP_REGEX"
"""Filters what Ray prints on the driver at any log level, such as the log of a lost node."""
ONE_MACHINE_VARIABLE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""With 0 this node has no other address than 127.0.0.1, and all of Ray's ports listen there only, on Linux too."""
TEMPORARY_VARIABLE = "TMPDIR"
LONGEST_REASON = 500
"""Characters of Ray's message that are shown."""
LOG = re.compile(r"Traceback |\[\d{4}-\d\d-\d\d |=+$")
"""Begins a line of a log or a traceback within what Ray says."""
HEAD = "node:__internal_head__"
"""A resource that Ray gives the head, and no other node."""
LOOK_SECONDS = 0.1
"""Between two looks at Ray's nodes."""
ROUNDING = 1e-6
"""Tolerance of float division, so that ten workers of 0.1 CPU fit on one."""


@dataclass(frozen=True)
class Node:
    """One machine of the cluster."""

    cpus: float
    gpus: float
    is_head: bool = False

    def worker_slots(self, cpus: float, gpus: float) -> int:
        """Workers of this size that fit at once."""
        return int(min(self.cpus / cpus, self.gpus / gpus if gpus else self.cpus / cpus) + ROUNDING)


@dataclass(frozen=True)
class NodeType:
    """A kind of node that an autoscaler starts, and how many of them it may."""

    node: Node
    most: int


@dataclass(frozen=True)
class Growth:
    """The nodes that an autoscaler may start beside the head.

    Attributes:
        types: of nodes.
        most: nodes of all types together.
    """

    types: tuple[NodeType, ...] = ()
    most: int = 0

    def worker_slots(self, cpus: float, gpus: float) -> int:
        """Workers of this size that fit on them: the roomiest types first, as long as nodes may be started."""
        slots, left = 0, self.most
        by_room = sorted(((kind.node.worker_slots(cpus, gpus), kind.most) for kind in self.types), reverse=True)
        for each, most in by_room:
            started = min(most, left)
            slots, left = slots + each * started, left - started
        return slots


NO_GROWTH = Growth()
"""The growth of a cluster without an autoscaler."""


@dataclass(frozen=True)
class Cluster:
    """The machines that Ray has, and those that its autoscaler may start."""

    nodes: tuple[Node, ...]
    growth: Growth = NO_GROWTH

    @property
    def has_gpus(self) -> bool:
        """Whether any machine has a GPU, or would have one."""
        return any(node.gpus for node in (*self.nodes, *(kind.node for kind in self.growth.types)))

    def worker_slots(self, cpus: float, gpus: float) -> int:
        """Workers of this size that fit at once; a worker lies on one machine."""
        return sum(node.worker_slots(cpus, gpus) for node in self.nodes)

    def most_worker_slots(self, cpus: float, gpus: float) -> int:
        """Workers of this size that fit once the autoscaler has started all that it may."""
        heads = sum(node.worker_slots(cpus, gpus) for node in self.nodes if node.is_head)
        return max(self.worker_slots(cpus, gpus), heads + self.growth.worker_slots(cpus, gpus))


@contextmanager
def running_ray(address: str | None, verbose: bool, with_groups: bool) -> Iterator[None]:
    """Ray for the duration of a sweep: the cluster at `address`, or one on this machine that ends with the sweep.

    Args:
        address: of the cluster; None starts one here.
        verbose: whether Ray's own messages are shown.
        with_groups: whether worker groups of Ray Train may be formed.

    Raises:
        InputError: the cluster at the address cannot be joined, or Ray does not start here.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with own_folder() as folder:
        if address:
            use_given_token()
            # A job brings them along, and Ray refuses to be told twice.
            options = {"runtime_env": {"env_vars": ENVIRONMENT} if JOB_VARIABLE not in os.environ else None}
            surroundings: AbstractContextManager[None] = nullcontext()
        else:
            want_token(folder)
            options = _local_options(folder / "ray", with_groups)
            # Processes that are killed leave their temporary files.
            surroundings = environment_variable(TEMPORARY_VARIABLE, str(folder))
        if not verbose:
            os.environ.setdefault(QUIET_VARIABLE, "^")  # every line
        import ray

        try:
            # Workers look for modules where the driver is when it connects, before they look among installed ones.
            with chdir(folder), surroundings:
                ray.init(
                    address=address or "local",
                    log_to_driver=verbose,
                    logging_level=logging.INFO if verbose else logging.CRITICAL,
                    configure_logging=True,
                    **options,
                )
        except Exception as error:  # Ray raises bare ones too
            raise InputError(_no_ray(address, str(error).strip() or type(error).__name__)) from None
        if not verbose:
            for name in ("ray", "ray.train", "ray.data"):
                logging.getLogger(name).setLevel(logging.ERROR)
            # Tune's errors are tracebacks of trials that failed: those are in storage, and in the live view as a line.
            logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            ray.shutdown()


class ClusterWatch:
    """Tells what Ray has now, as seen at most a tenth of a second ago: Tune wants to know several times for each trial.

    Args:
        growth: by which the cluster may grow.
    """

    def __init__(self, growth: Growth = NO_GROWTH) -> None:
        self._growth = growth
        self._cluster: Cluster | None = None
        self._looked = 0.0

    def __call__(self) -> Cluster:
        """The cluster."""
        now = time.monotonic()
        if self._cluster is None or now - self._looked > LOOK_SECONDS:
            self._cluster, self._looked = current_cluster(self._growth), now
        return self._cluster


def current_cluster(growth: Growth = NO_GROWTH) -> Cluster:
    """What Ray has now, machines come and go, and by how much it may grow."""
    import ray

    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return Cluster(tuple(Node(had.get("CPU", 0.0), had.get("GPU", 0.0), HEAD in had) for had in alive), growth)


def _no_ray(address: str | None, said: str) -> Problem:
    """What Ray says, which may be a page of its log after a line that tells so, as one sentence."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if "dashboard" in lines[0]:
        lines = ["its dashboard does not start:", lines[-1]]
    elif any(LOG.match(line) for line in lines):
        lines = [lines[0], lines[-1]]  # what failed, and the last that was heard of it
    what = f"cannot be used: {' '.join(lines)[:LONGEST_REASON]}"
    if address:
        return Problem(f"RAY_ADDRESS {address}", what, REMEDY)
    return Problem("Ray on this machine", what, "--verbose shows what Ray says meanwhile")


def _local_options(folder: Path, with_groups: bool) -> dict[str, Any]:
    """Arguments of `ray.init` for a Ray that this process starts, with its files below a folder."""
    os.environ[ONE_MACHINE_VARIABLE] = "0"
    return {
        **(_dashboard() if with_groups else {"include_dashboard": False}),
        "object_store_memory": OBJECT_STORE_BYTES,
        "_temp_dir": str(folder),
    }


def _dashboard() -> dict[str, Any]:
    """A dashboard, which takes seconds to start and is wanted for one thing only.

    Without it Ray never cleans up after a worker group that was stopped early. The clean-up asks the dashboard, whose
    address Ray's processes must know from their start, lest they ask another Ray.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ["RAY_API_SERVER_ADDRESS"] = f"http://127.0.0.1:{port}"
    return {"include_dashboard": True, "dashboard_port": port}
