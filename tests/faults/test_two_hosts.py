"""A data-parallel trial over two hosts: its cable is pulled for a while, then one host is gone for good.

The hosts, and a third one with the services (S3 store, MLflow on Postgres), are network namespaces with addresses of
their own; gloo, Ray, storage and MLflow go over virtual Ethernet.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.data.synthetic.writer import write_synthetic
from orchestrator.profiles.profile import read_profile
from orchestrator.profiles.surroundings import apply
from tests.faults.fault_report import note
from tests.faults.network import Host, Network, network, refusal
from tests.faults.watched_sweep import CHECKPOINT_EVERY, END_SECONDS
from tests.orchestrator.combo_command import COMBO, wait_until
from tests.servers.ray_head import OURS

PROGRAMS = Path(sys.executable).parent
SWEEP = (
    Path(__file__).parent / "group.yaml",
    "--scale",
    "two",
    "training.iterations=200",
    "training.evaluate_every=100",
)
CUT_SECONDS = 20
LOOK_SECONDS = 3
"""Each look is a command of its own, which takes a second of a CPU."""
RAY_PORT = 6380
BEGIN = re.compile(r"continuing from (step \d+)")

pytestmark = pytest.mark.minutes


class Lab:
    """Three hosts: `services`, and `host-a` and `host-b` with one CPU each; the driver runs on `host-a`.

    Args:
        lan: of the hosts.
        folder: for everything.
    """

    def __init__(self, lan: Network, folder: Path) -> None:
        self.services, self.host_a, self.host_b = lan.hosts["services"], lan.hosts["host-a"], lan.hosts["host-b"]
        self._folder, self._profile = folder, folder / "config" / "combo" / "profiles" / "lab.yaml"
        self._ray_folder = folder / "ray"
        caller = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        places = {"XDG_CONFIG_HOME": str(folder / "config"), "COMBO_SERVICES": str(folder / "services")}
        self._environment = {
            **caller,
            **places,
            "COLUMNS": "200",
            "OMP_NUM_THREADS": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
        }

    def start(self) -> None:
        """Brings the services up, and a Ray of two nodes."""
        write_synthetic("s4", self._folder / "data", clips=20, seed=0, size=32)
        up = (COMBO, "up", "--name", "lab", "--host", self.services.address, "--data", self._folder / "data")
        self.services.run(*up, environment=self._on(self.services))
        apply(read_profile(self._profile), self._profile, self._environment)
        token = self._folder / "token"
        token.touch(0o600)
        token.write_text("a token of the test")
        self._environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
        # By default a head gives a node up that cannot be reached for 15 seconds.
        self._environment["RAY_health_check_failure_threshold"] = "12"
        self._start_ray(self.host_a, "--head", f"--port={RAY_PORT}", f"--temp-dir={self._ray_folder}")
        self._start_ray(self.host_b, f"--address={self.host_a.address}:{RAY_PORT}")

    def start_sweep(self) -> subprocess.Popen[str]:
        """Starts it on `host-a`."""
        command = (COMBO, "run", *SWEEP, "--min-workers", 1, "--checkpoint-every", CHECKPOINT_EVERY)
        return subprocess.Popen(
            self.host_a.command(*command),
            env={**self._on(self.host_a), "RAY_ADDRESS": f"{self.host_a.address}:{RAY_PORT}"},
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def combo(self, *words: object) -> str:
        """Runs a command on the host of the services."""
        return self.services.run(COMBO, *words, environment=self._on(self.services))

    def asked_by_a_page(self, origin: str) -> int:
        """Status of MLflow's answer to `host-a` when a page of some site asks for runs there."""
        program = (
            "import os, sys, requests\n"
            "who = os.environ['MLFLOW_TRACKING_USERNAME'], os.environ['MLFLOW_TRACKING_PASSWORD']\n"
            "asked = os.environ['MLFLOW_TRACKING_URI'] + '/ajax-api/2.0/mlflow/runs/search'\n"
            "page = {'Origin': sys.argv[1]}\n"
            "print(requests.post(asked, json={'experiment_ids': ['1']}, auth=who, headers=page).status_code)\n"
        )
        return int(self.host_a.run(sys.executable, "-c", program, origin, environment=self._on(self.host_a)))

    def step(self) -> float:
        """The last step that the storage knows of, by a heartbeat that is at most some seconds old."""
        (trial,) = json.loads(self.combo("status", *SWEEP, "--json"))["trials"]
        return float(trial["step"])

    def _on(self, host: Host) -> dict[str, str]:
        """Variables of a command on a host, which keeps a copy of the bucket for itself."""
        return {**self._environment, "COMBO_CACHE": str(self._folder / f"cache-of-{host.name}")}

    def _start_ray(self, host: Host, *words: str) -> None:
        log = self._folder / f"{host.name}.log"
        self._ray_folder.mkdir(exist_ok=True)
        host.run("mount", "-t", "tmpfs", "tmpfs", self._ray_folder)  # each host has Ray's files for itself
        options = ("--block", "--num-cpus=1", "--num-gpus=0", f"--node-ip-address={host.address}")
        command = host.command(PROGRAMS / "ray", "start", *options, *words, f"--object-store-memory={100 * 1024**2}")
        with log.open("w") as file:
            process = subprocess.Popen(command, env=self._on(host), stdout=file, stderr=file)
        wait_until(lambda: "--block" in log.read_text() or process.poll() is not None, 240, every=0.5)
        assert process.poll() is None, log.read_text()


@pytest.fixture(scope="module")
def two_hosts() -> Iterator[tuple[Lab, str, dict[str, float]]]:
    """The laboratory after the sweep, what that said, and the steps at which things happened."""
    if reason := refusal():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the user of Postgres must be able to enter
        with network(folder, "services", "host-a", "host-b") as lan:
            lab = Lab(lan, folder)
            lab.start()
            process = lab.start_sweep()
            try:
                yield lab, *_disturbed(lab, lan, process)
            finally:
                process.kill()


def _disturbed(lab: Lab, lan: Network, process: subprocess.Popen[str]) -> tuple[str, dict[str, float]]:
    """Pulls the cable of `host-b` and puts it back, then loses the host; waits for the end."""

    def wait_for_step(step: float) -> float:
        wait_until(lambda: lab.step() > step or process.poll() is not None, END_SECONDS, every=LOOK_SECONDS)
        assert process.poll() is None, process.communicate()[0]
        return lab.step()

    wait_for_step(CHECKPOINT_EVERY)
    lan.cut("host-b")
    began = time.monotonic()
    time.sleep(CUT_SECONDS / 2)  # the last heartbeat before the cut was written long ago
    found = {"cut": lab.step()}
    time.sleep(max(0.0, began + CUT_SECONDS - time.monotonic()))
    found["mended"] = lab.step()
    lan.mend("host-b")
    began = time.monotonic()
    found["lost"] = wait_for_step(found["mended"] + CHECKPOINT_EVERY)
    seconds = time.monotonic() - began
    lab.host_b.lose()
    out, _ = process.communicate(timeout=END_SECONDS)
    assert process.returncode == 0, out
    begins = f"attempts continued from {', '.join(BEGIN.findall(out))}"
    note("F6", f"the cable of a host pulled for {CUT_SECONDS} s, then the host lost", begins, seconds)
    return out, found


def test_f6_the_trial_stands_still_while_the_cable_is_pulled_and_goes_on_afterwards(two_hosts):
    _, _, steps = two_hosts

    assert steps["mended"] == steps["cut"]
    assert steps["lost"] > steps["mended"]


def test_f6_it_continues_on_the_host_that_is_left_with_one_worker(two_hosts):
    lab, said, _ = two_hosts
    told = lab.combo("logs", *SWEEP)

    assert "continuing from step" in said
    assert "1 of 1 trials finished" in said
    assert ", 2 workers on cpu" in told
    assert "on host-a, 1 worker on cpu" in told


def test_a_browser_on_another_host_sees_the_runs(two_hosts):
    lab, *_ = two_hosts

    assert lab.asked_by_a_page("http://10.77.0.1:5000") == 200
    assert lab.asked_by_a_page("http://10.77.0.3:5000") == 403


def test_the_report_is_built_from_the_bucket_and_mlflow_has_the_run(two_hosts, tmp_path):
    lab, said, _ = two_hosts
    lab.combo("report", "build", *SWEEP, "--out", tmp_path / "site")
    pages = "".join(page.read_text() for page in (tmp_path / "site").rglob("*.html"))

    assert f"http://{lab.services.address}:5000/#/experiments/" in pages
    assert "MLflow is incomplete" not in said
    assert "all up to date" in lab.combo("sync")
