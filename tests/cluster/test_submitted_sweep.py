"""Sweeps on a cluster that wants a token, through Ray Jobs: fault cases A4 (no token) and A5 (secrets)."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from ray_head import PROGRAMS, Head

from experiments.storage.folder import FolderStorage
from orchestrator.commit import current_commit
from orchestrator.store.store import Store

ONE_TRIAL = Path(__file__).with_name("one_trial.yaml")
SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAnobodysaccesskey",
    "AWS_SECRET_ACCESS_KEY": "nobodyssecretaccesskey",
    "MLFLOW_TRACKING_PASSWORD": "nobodystrackingpassword",
    "HF_TOKEN": "nobodysmodeltoken",
}

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Submitted:
    """A sweep that ran to its end as a job."""

    storage: Path
    command: subprocess.CompletedProcess[str]
    job: dict[str, object]
    """What the cluster tells of it."""


@pytest.fixture(scope="module")
def submitted(head: Head, clips: Path, tmp_path_factory) -> Submitted:
    storage = tmp_path_factory.mktemp("storage")
    places = {"COMBO_DATA": str(clips), "COMBO_STORAGE": str(storage)}
    command = head.combo("submit", ONE_TRIAL, "--address", head.address, "--follow", **SECRETS, **places)
    jobs = json.loads(head.get("/api/jobs/", head.token)[1])
    return Submitted(storage, command, next((job for job in jobs if job["submission_id"] == "one_trial-1"), {}))


def test_a_submitted_sweep_trains_and_stores_its_results(submitted):
    assert submitted.command.returncode == 0, submitted.command.stdout + submitted.command.stderr
    assert "submitted as job one_trial-1" in submitted.command.stdout
    assert "1 of 1 trials finished" in submitted.command.stdout
    [(_, result)] = Store(FolderStorage(submitted.storage)).finished()
    assert result.provenance.commit == current_commit()


def test_the_plan_is_shown_before_where_data_and_storage_are_here_too(submitted):
    assert ": 1 trials, 0 finished, 1 to run" in submitted.command.stdout


def test_a5_no_secret_reaches_the_cluster(submitted):
    told = json.dumps(submitted.job)

    assert submitted.job["status"] == "SUCCEEDED"
    assert [name for name, value in SECRETS.items() if value in told or name in told] == []
    assert not any(value in submitted.command.stdout for value in SECRETS.values())


def test_the_job_carries_its_sweep_and_its_user(submitted):
    assert submitted.job["metadata"]["combo.sweep"] == "one_trial"
    assert submitted.job["metadata"]["user"]


@pytest.mark.usefixtures("submitted")
def test_the_output_of_a_job_can_be_read_later(head):
    logs = head.combo("logs", "one_trial-1", "--address", head.address)

    assert logs.returncode == 0, logs.stderr
    assert "1 of 1 trials finished" in logs.stdout


def test_follow_exits_as_the_job_does(head, tmp_path):
    words = ("--data", "/nowhere/at/all", "--storage", tmp_path, "--address", head.address, "--follow")
    run = head.combo("submit", ONE_TRIAL, *words)

    assert run.returncode == 2, run.stdout + run.stderr
    assert "/nowhere/at/all" in run.stdout


def test_a_sweep_that_runs_already_is_not_submitted_again(head, clips, tmp_path):
    words = (ONE_TRIAL, "--scale", "long", "--data", clips, "--storage", tmp_path, "--address", head.address)
    first = head.combo("submit", *words)
    again = head.combo("submit", *words)
    stopped = _stop(head, "one_trial-long-1")

    assert first.returncode == 0, first.stderr
    assert again.returncode == 2
    assert "one_trial-long: is running already, as job one_trial-long-1" in again.stderr
    assert stopped in ("STOPPED", "FAILED")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"RAY_AUTH_TOKEN": ""}, "wants a token (set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH)"),
        ({"RAY_AUTH_TOKEN": "a-wrong-token"}, "refuses the token (set RAY_AUTH_TOKEN to the cluster's own)"),
        ({"RAY_AUTH_TOKEN_PATH": "/nowhere/token"}, "RAY_AUTH_TOKEN_PATH /nowhere/token: is not there"),
    ],
)
def test_a4_without_the_right_token_nothing_is_submitted(head, tmp_path, environment, message):
    before = head.get("/api/jobs/", head.token)
    words = ("--data", tmp_path, "--storage", tmp_path, "--address", head.address)
    run = head.combo("submit", ONE_TRIAL, *words, **{"HOME": str(tmp_path), **environment})

    assert run.returncode == 2
    assert message in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert head.get("/api/jobs/", head.token) == before


@pytest.mark.parametrize("token", [None, "a-wrong-token"])
def test_a4_the_cluster_itself_answers_nobody_without_the_token(head, token):
    assert {head.get(path, token)[0] for path in ("/api/jobs/", "/api/version", "/api/cluster_status")} <= {401, 403}


def _stop(head: Head, job: str) -> str:
    """Stops a job as `ray job stop` does; returns how it ended."""
    words = [PROGRAMS / "ray", "job", "stop", job, "--address", head.address]
    environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": head.token, "PATH": str(PROGRAMS)}
    subprocess.run(words, env=environment, capture_output=True, check=True, timeout=60)
    for _ in range(100):
        status = json.loads(head.get(f"/api/jobs/{job}", head.token)[1])["status"]
        if status not in ("PENDING", "RUNNING"):
            return str(status)
        time.sleep(0.2)
    return status
