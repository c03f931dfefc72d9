"""An address without a cluster, and resources that mean nothing, are refused in one sentence before Ray is asked."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch

import pytest

from experiments.errors import InputError
from orchestrator.doctor.ray_cluster import look_at_ray
from orchestrator.sweep import ray_address
from orchestrator.sweep.cluster import running_ray
from orchestrator.sweep.local_resources import local_cluster
from orchestrator.sweep.ray_address import refuse_unusable
from tests.orchestrator.combo_command import TINY

SHAPE = "name the head and its port, such as head:6379"


@pytest.fixture
def silent_port():
    """Of somebody who listens and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def http_port():
    """Of a server that is not Ray."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("head:high", f"is no address ({SHAPE})"),
        ("head:99999", f"is no address ({SHAPE})"),
        ("head", f"is no address ({SHAPE})"),
        ("http://head:8265", f"is the address of a dashboard (combo submit takes it with --address; {SHAPE})"),
        ("ray://head:10001", f"is for Ray Client, through which sweeps cannot run (use combo submit, or {SHAPE})"),
        (
            "127.0.0.1:1",
            "cannot be used: no server listens there (start the cluster, or unset RAY_ADDRESS to run on this",
        ),
    ],
)
def test_an_address_where_no_cluster_can_be_is_told(address, told):
    with pytest.raises(InputError) as refusal:
        refuse_unusable(address)

    assert str(refusal.value).startswith(f"RAY_ADDRESS {address}: {told}")


def test_a_port_that_is_not_rays_is_told_and_not_waited_for(silent_port, http_port, monkeypatch):
    monkeypatch.setattr(ray_address, "ANSWER_SECONDS", 1.0)
    for port in (silent_port, http_port):
        began = time.monotonic()
        with pytest.raises(InputError, match="cannot be used: who listens there is no head of Ray"):
            refuse_unusable(f"127.0.0.1:{port}")
        assert time.monotonic() - began < 10


def test_the_doctor_says_the_same(http_port):
    finding = look_at_ray(f"127.0.0.1:{http_port}")

    assert finding.found.endswith("who listens there is no head of Ray")
    assert finding.cure == SHAPE


@pytest.mark.parametrize("told", ["CPU=2", "[2]", '{"CPU": "many"}', '{"CPU": -1}', '{"CPU": NaN}'])
def test_resources_that_ray_is_told_to_assume_and_that_mean_nothing(told, monkeypatch):
    monkeypatch.setenv("RAY_OVERRIDE_RESOURCES", told)
    with pytest.raises(InputError) as refusal:
        local_cluster()

    assert str(refusal.value) == f'RAY_OVERRIDE_RESOURCES={told}: is no JSON object of numbers (such as {{"CPU": 2}})'


@pytest.mark.parametrize(
    ("variable", "value"), [("RAY_ADDRESS", "head:high"), ("RAY_OVERRIDE_RESOURCES", "CPU=2"), ("RAY_ADDRESS", "x:1")]
)
def test_run_refuses_them_before_anything_is_written(command, clips, tmp_path, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    said = command("run", TINY, "--data", clips, "--storage", tmp_path)

    assert said.code == 2
    assert said.err.startswith(f"error: {variable}")
    assert len(said.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


MISMATCH = """Version mismatch: The cluster was started with:
    Ray: 2.59.0
    Python: 3.11.7
This process on node 127.0.0.1 was started with:
    Ray: 2.60.0
    Python: 3.12.1
"""


NO_GCS = """Failed to start GCS.  Last 20 lines of error files:
===
[2026-11-29 18:00:01,123 I 812 812] gcs_server.cc:88: Starting
Traceback (most recent call last):
  File "gcs.py", line 12, in start
RuntimeError: Address already in use
"""


@pytest.fixture
def refused(monkeypatch):
    """What becomes of an error of Ray that does not start: the only line of the refusal."""

    def refuse(error, address=None):
        def init(**_):
            raise error

        monkeypatch.setattr("ray.init", init)
        ray = running_ray(address, verbose=False, with_groups=False)
        with patch.dict("os.environ"), pytest.raises(InputError) as refusal, ray:
            pass
        (told,) = str(refusal.value).splitlines()
        return told

    return refuse


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            RuntimeError(NO_GCS),
            "Failed to start GCS.  Last 20 lines of error files: RuntimeError: Address already in use",
        ),
        (Exception("The current node timed out\nduring startup."), "The current node timed out during startup."),
        (Exception("\n"), "Exception"),
    ],
)
def test_a_ray_that_does_not_start_here_is_one_sentence(refused, error, said):
    assert refused(error) == f"Ray on this machine: cannot be used: {said} (--verbose shows what Ray says meanwhile)"


def test_all_lines_of_what_ray_says_are_told_in_one(refused):
    told = refused(RuntimeError(MISMATCH), "127.0.0.1:6379")

    assert told.startswith("RAY_ADDRESS 127.0.0.1:6379: cannot be used: Version mismatch: ")
    assert all(version in told for version in ("Ray: 2.59.0", "Ray: 2.60.0", "Python: 3.11.7", "Python: 3.12.1"))
