"""Ray's own autoscaler, with processes of this machine as nodes: none at first, one for a command, none afterwards."""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from ray.autoscaler._private.fake_multi_node.node_provider import FAKE_HEAD_NODE_ID

from tests.cluster.ray_head import MARK, OURS, PROGRAMS, end_all, free_ports
from tests.orchestrator.combo_command import wait_until

SCRIPT = Path(__file__).parents[2] / "infra" / "ask_for_workers.py"
SECONDS = 240

pytestmark = pytest.mark.minutes  # a head and a node come up, and the node goes after ten idle seconds


@pytest.fixture
def head():
    """Environment that joins a head without CPUs whose autoscaler may start two nodes of one CPU."""
    mark, (port, dashboard, client, agent) = uuid.uuid4().hex, free_ports(4)
    node = {"node_config": {}, "resources": {"CPU": 1, "object_store_memory": 100 * 1024**2}}
    nothing = ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray", "worker_start_ray")
    config = {
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
        "max_workers": 2,
        "idle_timeout_minutes": 1 / 6,
        "available_node_types": {
            "ray.head.default": {"node_config": {}, "resources": {"CPU": 0}, "max_workers": 0},
            "worker": {**node, "min_workers": 0, "max_workers": 2},
        },
        "head_node_type": "ray.head.default",
        "auth": {},
        "file_mounts": {},
        "cluster_synced_files": [],
        **{f"{name}_commands": [] for name in nothing},
    }
    caller = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment = {**caller, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": uuid.uuid4().hex, "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        file, log = Path(folder, "cluster.json"), Path(folder, "head.log")
        file.write_text(json.dumps(config))
        command = [
            *(PROGRAMS / "ray", "start", "--head", "--block", "--num-cpus=0", f"--autoscaling-config={file}"),
            *(f"--port={port}", f"--dashboard-port={dashboard}", f"--ray-client-server-port={client}"),
            *(f"--dashboard-agent-listen-port={agent}", f"--temp-dir={folder}", "--disable-usage-stats"),
            "--node-ip-address=127.0.0.1",
            f"--object-store-memory={100 * 1024**2}",
        ]
        fake = {"AUTOSCALER_UPDATE_INTERVAL_S": "1", "RAY_FAKE_CLUSTER": "1", MARK: mark}
        with log.open("w") as out:
            process = subprocess.Popen(command, env={**environment, **fake}, stdout=out, stderr=out)
        try:
            wait_until(lambda: "runtime started" in log.read_text() or process.poll() is not None, SECONDS, every=0.5)
            assert process.poll() is None, log.read_text()
            yield {**environment, "RAY_ADDRESS": f"127.0.0.1:{port}"}
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            end_all(mark)


def _resources(environment):
    """CPUs of all nodes that are there."""
    code = "import ray; ray.init(logging_level=50); print(ray.cluster_resources().get('CPU', 0))"
    asked = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    return float(asked.stdout or "nan")


def test_a_node_is_there_while_the_command_runs_and_goes_afterwards(head):
    before = _resources(head)
    command = [sys.executable, SCRIPT, "1", "--", sys.executable, "-c", "print('ran'); raise SystemExit(3)"]
    asked = subprocess.run(command, env=head, capture_output=True, text=True, timeout=SECONDS)

    assert before == 0
    assert "ran" in asked.stdout, asked.stderr
    assert asked.returncode == 3
    wait_until(lambda: _resources(head) == 0, SECONDS, every=1)
