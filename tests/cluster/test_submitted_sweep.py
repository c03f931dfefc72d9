"""Sweeps on a cluster that wants a token, through Ray Jobs: fault cases A4 (no token) and A5 (secrets)."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.commit import current_commit
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from tests.servers.ray_head import Head

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


def test_follow_exits_as_the_job_does_and_status_shows_one_that_failed_before_any_trial_began(head, clips, tmp_path):
    words = ("--storage", tmp_path, "--address", head.address)
    run = head.combo("submit", ONE_TRIAL, "training.iterations=6", "--data", "/nowhere/at/all", "--follow", *words)
    status = head.combo("status", ONE_TRIAL, "training.iterations=6", "--data", clips, *words)
    other = head.combo("status", ONE_TRIAL, "--data", clips, *words)

    assert run.returncode == 2, run.stdout + run.stderr
    assert "/nowhere/at/all" in run.stdout
    assert "1 new" in status.stdout
    assert re.search(
        r"^job one_trial-\d failed with exit code 2: error: .*/nowhere/at/all", status.stdout, re.MULTILINE
    )
    assert "failed" not in other.stdout


def test_a_sweep_that_runs_already_is_not_submitted_again_and_stops_on_a_request_made_before_it_started(
    head, clips, tmp_path
):
    words = (ONE_TRIAL, "--scale", "long", "--data", clips, "--storage", tmp_path)
    earlier = head.combo("stop", *words)
    first = head.combo("submit", *words, "--address", head.address)
    again = head.combo("submit", *words, "--address", head.address)
    stopped = head.combo("stop", *words, "--wait")
    followed = head.combo("logs", "one_trial-long-1", "--follow", "--address", head.address)

    assert earlier.returncode == first.returncode == stopped.returncode == 0, first.stderr + stopped.stderr
    assert again.returncode == 2
    assert "one_trial-long: is running already, as job one_trial-long-1" in again.stderr
    assert followed.returncode == 5, followed.stdout
    assert "job one_trial-long-1 is over, stopped" in followed.stdout
    assert not list(tmp_path.glob("trials/*/result.json"))


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
