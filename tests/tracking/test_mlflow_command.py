"""`combo mlflow`: open to this machine, closed to others without a password."""

import os
import signal
import socket
import subprocess
import time

import pytest
import requests

from tests.orchestrator.combo_command import COMBO

SECRETS = {"MLFLOW_FLASK_SERVER_SECRET_KEY": "signs-forms", "MLFLOW_AUTH_ADMIN_PASSWORD": "open-sesame-42"}


@pytest.fixture
def serving(stored):
    """Starts the command on a free port; gives its address once it answers."""
    started = []

    def start(host, **environment):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [COMBO, "mlflow", "--storage", stored.store.root, "--host", host, "--port", str(port)]
        environment = {**os.environ, **environment}
        quiet = subprocess.DEVNULL
        started.append(subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True))
        end = time.monotonic() + 120
        while time.monotonic() < end:
            assert started[-1].poll() is None
            try:
                requests.get(f"http://127.0.0.1:{port}/health", timeout=5)
                return f"http://127.0.0.1:{port}"
            except requests.RequestException:
                time.sleep(0.2)
        raise TimeoutError

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def search(address, **options):
    """Asks for the experiments as a page or a client does."""
    return requests.post(
        f"{address}/api/2.0/mlflow/experiments/search", json={"max_results": 1}, timeout=30, **options
    ).status_code


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "workstation"])
def test_a4_an_address_that_others_reach_is_refused_without_authentication(command, stored, monkeypatch, host):
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    said = command("mlflow", "--storage", stored.store.root, "--host", host)

    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"error: --host {host}: would let everyone who reaches this machine read, change and delete the runs (set "
        "MLFLOW_FLASK_SERVER_SECRET_KEY and MLFLOW_AUTH_ADMIN_PASSWORD to secrets of yours, then MLflow asks for user "
        "and password)\n"
    )


@pytest.mark.slow
def test_a4_pages_of_other_sites_cannot_reach_mlflow_through_the_browser(serving):
    address = serving("127.0.0.1")

    assert search(address) == 200
    assert search(address, headers={"Host": "evil.example"}) == 403
    assert search(address, headers={"Origin": "http://evil.example"}) == 403


@pytest.mark.slow
def test_a4_beyond_this_machine_mlflow_asks_for_the_password(serving):
    address = serving("0.0.0.0", **SECRETS)

    assert search(address) == 401
    assert search(address, auth=("admin", "guess")) == 401
    assert search(address, auth=("admin", SECRETS["MLFLOW_AUTH_ADMIN_PASSWORD"])) == 200


def test_a5_the_place_of_a_server_is_told_without_its_password(command, stored, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ada:hunter2-secret@tracking.example")
    said = command("mlflow", "--storage", stored.store.root)

    assert (said.code, said.out) == (0, "MLflow runs elsewhere: http://***@tracking.example\n")
