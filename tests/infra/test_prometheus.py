"""A real Prometheus with our configuration scrapes a real sweep and the Ray head that it runs on."""

import json
import signal
import subprocess
import urllib.parse
import urllib.request
from contextlib import suppress

import pytest
from prometheus_files import PROMETHEUS, expressions

from model.data.synthetic.writer import write_synthetic
from orchestrator.cli.exit_codes import INTERRUPTED
from tests.orchestrator.combo_command import Combo, wait_until
from tests.servers.ray_head import free_ports, running_head

EXPERIMENT = "tests/faults/three_trials.yaml"
NOTHING_HERE = {"GPU utilisation", "GPU memory", "Failed attempts by class"}
"""Panels that stay empty: no attempt fails, and there need not be a GPU."""
SECONDS = 240

pytestmark = pytest.mark.minutes  # a Ray head comes up, and three trials train until all panels are filled


class Prometheus:
    """Its HTTP interface."""

    def __init__(self, port):
        self._address = f"http://127.0.0.1:{port}"

    def get(self, path, **words):
        with urllib.request.urlopen(f"{self._address}/{path}?{urllib.parse.urlencode(words)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return self.get("api/v1/query", query=expression)["result"]

    def is_ready(self):
        with suppress(OSError):
            return urllib.request.urlopen(f"{self._address}/-/ready", timeout=10).status == 200
        return False


@pytest.fixture
def head():
    with running_head() as started:
        yield started


@pytest.fixture
def ports():
    """Of the metrics and of Prometheus."""
    return free_ports(2)


@pytest.fixture
def prometheus(program, tmp_path, head, ports):
    """Started with our files, in which two places and the interval are changed."""
    settings = (PROMETHEUS / "prometheus.yml").read_text()
    for written, here in (("127.0.0.1:9400", f"127.0.0.1:{ports[0]}"), ("/tmp/ray", str(head.folder)), ("15s", "1s")):
        assert written in settings
        settings = settings.replace(written, here)
    (tmp_path / "prometheus.yml").write_text(settings)
    (tmp_path / "alerts.yml").write_text((PROMETHEUS / "alerts.yml").read_text())
    listens = f"--web.listen-address=127.0.0.1:{ports[1]}"
    command = [program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=series", listens]
    with (tmp_path / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        started = Prometheus(ports[1])
        wait_until(lambda: started.is_ready() or process.poll() is not None, SECONDS, every=0.2)
        assert process.poll() is None, (tmp_path / "prometheus.log").read_text()
        yield started
    finally:
        process.terminate()
        process.wait(30)


def test_a_sweep_fills_the_dashboard_and_logs_events(prometheus, head, ports, tmp_path, request):
    data = tmp_path / "data"
    write_synthetic("s4", data, clips=20, seed=0, size=32)
    access = {"RAY_ADDRESS": head.gcs, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": head.token}
    combo = Combo(tmp_path, data, **access)
    words = ("--metrics-port", ports[0], "--log-format", "json", "training.iterations=2000")
    run = combo.start("run", request.config.rootpath / EXPERIMENT, *words)
    empty = {(title, query) for title, query in expressions() if title not in NOTHING_HERE}

    def is_filled():
        assert run.poll() is None, run.communicate()
        for title, query in sorted(empty):
            asked = query.replace("$sweep", ".*").replace("$__rate_interval", "1m")
            if prometheus.query(asked):
                empty.discard((title, query))
        return not empty

    try:
        wait_until(is_filled, SECONDS, every=1)
        rules = [rule for group in prometheus.get("api/v1/rules")["groups"] for rule in group["rules"]]
        targets = {
            target["labels"]["job"]: target["health"] for target in prometheus.get("api/v1/targets")["activeTargets"]
        }
    finally:
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=SECONDS)

    assert {rule["health"] for rule in rules} == {"ok"}
    assert targets == {"combo": "up", "ray": "up"}
    assert run.returncode == INTERRUPTED, err
    assert {json.loads(line)["event"] for line in out.splitlines()} == {"message", "started", "measured", "ended"}
