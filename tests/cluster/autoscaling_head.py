"""A real Ray head whose autoscaler starts processes of this machine as nodes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.orchestrator.combo_command import wait_until
from tests.servers.ray_head import MARK, OURS, PROGRAMS, end_all, free_ports

OBJECT_STORE_BYTES = 100 * 1024**2
START_SECONDS = 240
IDLE_MINUTES = 1 / 6
"""After which an idle node goes."""


@dataclass(frozen=True)
class AutoscalingHead:
    """A head without CPUs, alone at first.

    Attributes:
        environment: what a command needs to join.
        config: what its autoscaler reads.
        mark: that its processes and those of its nodes carry.
    """

    environment: dict[str, str]
    config: Path
    mark: str

    def cpus(self) -> float:
        """CPUs of all nodes that are there."""
        code = "import ray; ray.init(logging_level=50); print(ray.cluster_resources().get('CPU', 0))"
        caller = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        asked = subprocess.run(
            [sys.executable, "-c", code], env={**caller, **self.environment}, capture_output=True, text=True
        )
        return float(asked.stdout or "nan")

    def process_writing(self, path: Path) -> psutil.Process:
        """The process of a node that has a file open."""
        for process in self._processes():
            with suppress(OSError):
                if any(link.readlink() == path for link in Path(f"/proc/{process.pid}/fd").iterdir()):
                    return process
        raise AssertionError(f"nobody writes {path}")

    @contextmanager
    def sleeping_autoscaler(self) -> Iterator[None]:
        """A head whose autoscaler starts no node while the context is open."""
        autoscaler = next(process for process in self._processes() if any("monitor.py" in w for w in process.cmdline()))
        autoscaler.suspend()
        try:
            yield
        finally:
            autoscaler.resume()

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.environ().get(MARK) == self.mark:
                    yield process


def raylet_of(process: psutil.Process) -> psutil.Process:
    """The node's own process of a worker."""
    return next(parent for parent in process.parents() if parent.name() == "raylet")


def lose_node(raylet: psutil.Process) -> None:
    """As when the plug of a machine is pulled: the raylet and all that it started are gone at once."""
    for process in [raylet, *raylet.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)


@contextmanager
def autoscaling_head(most_nodes: int) -> Iterator[AutoscalingHead]:
    """A head that may start so many nodes of one CPU each; all of its processes end with the context."""
    mark, (port, dashboard, client, agent) = uuid.uuid4().hex, free_ports(4)
    caller = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": uuid.uuid4().hex}
    fake = {"AUTOSCALER_UPDATE_INTERVAL_S": "1", "RAY_FAKE_CLUSTER": "1", "PYTHONUNBUFFERED": "1", MARK: mark}
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        file, log = Path(folder, "cluster.json"), Path(folder, "head.log")
        file.write_text(json.dumps(_config(port, most_nodes)))
        command = [
            *(PROGRAMS / "ray", "start", "--head", "--block", "--num-cpus=0", "--num-gpus=0"),
            *(f"--autoscaling-config={file}", f"--port={port}", f"--dashboard-port={dashboard}"),
            *(f"--ray-client-server-port={client}", f"--dashboard-agent-listen-port={agent}"),
            *(f"--temp-dir={folder}", "--disable-usage-stats", "--node-ip-address=127.0.0.1"),
            f"--object-store-memory={OBJECT_STORE_BYTES}",
        ]
        with log.open("w") as out:
            process = subprocess.Popen(command, env={**caller, **token, **fake}, stdout=out, stderr=out)
        try:
            wait_until(lambda: "--block" in log.read_text() or process.poll() is not None, START_SECONDS, every=0.5)
            assert process.poll() is None, log.read_text()
            yield AutoscalingHead({**token, "RAY_ADDRESS": f"127.0.0.1:{port}"}, file, mark)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            end_all(mark)


def _config(port: int, most_nodes: int) -> dict[str, object]:
    from ray.autoscaler._private.fake_multi_node.node_provider import FAKE_HEAD_NODE_ID  # imports all of Ray

    nothing = ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray", "worker_start_ray")
    return {
        "cluster_name": "fake_multinode",
        "provider": {
            "type": "fake_multinode",
            "head_node_id": FAKE_HEAD_NODE_ID,
            "gcs_address": f"127.0.0.1:{port}",
            "use_node_id_as_ip": True,  # all nodes have this machine's address
            # There is nothing to log in to.
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
        },
        "max_workers": most_nodes,
        "idle_timeout_minutes": IDLE_MINUTES,
        "available_node_types": {
            "ray.head.default": {"node_config": {}, "resources": {"CPU": 0}, "max_workers": 0},
            "worker": {
                "node_config": {},
                "resources": {"CPU": 1, "object_store_memory": OBJECT_STORE_BYTES},
                "min_workers": 0,
                "max_workers": most_nodes,
            },
        },
        "head_node_type": "ray.head.default",
        "auth": {},
        "file_mounts": {},
        "cluster_synced_files": [],
        **{f"{name}_commands": [] for name in nothing},
    }
