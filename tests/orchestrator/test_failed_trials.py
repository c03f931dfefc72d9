"""One run in which a loss becomes infinite and a worker process is killed: the rest of the sweep goes on."""

import json
import os
import re
import signal

import pytest
from combo_command import EXPERIMENTS, Combo, wait_until
from mlflow_runs import Runs

from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from tests.servers.webhook import webhook

pytestmark = pytest.mark.minutes  # two faults are injected into a sweep on a Ray of its own
BROKEN = EXPERIMENTS / "broken.yaml"


@pytest.fixture(scope="module")
def broken(tmp_path_factory, data):
    """The command, its exit code and output, the messages of its webhook, and the trials by variant."""
    combo = Combo(tmp_path_factory.mktemp("broken"), data)
    states = json.loads(combo("status", BROKEN, "--json").stdout)["trials"]
    trials = {state["trial"].split()[0]: Store(FolderStorage(combo.storage)).trial(state["key"]) for state in states}
    with webhook() as (address, messages):
        process = combo.start("run", BROKEN, "--checkpoint-every", 2, "--retries", 0, "--notify", address)
        wait_until(lambda: trials["killed"].has_checkpoint)
        os.kill(combo.process_writing(trials["killed"].metrics_file(1)), signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    return combo, process.returncode, out, err, messages, trials


def test_f17_the_command_fails_and_names_each_failed_trial(broken):
    _, code, out, err, *_ = broken

    assert code == 1
    assert "Traceback" not in out + err
    assert "failed: diverging s4 seed 0: FloatingPointError: loss is not finite at step 2" in out
    assert re.search(r"failed: killed s4 seed 0: \w+: its process is gone, perhaps killed for lack of memory", out)
    assert "1 of 3 trials finished" in out


def test_f17_the_webhook_is_told_once_of_each_failed_trial_and_of_the_end(broken):
    *_, messages, trials = broken
    failed, (ended,) = messages[:-1], messages[-1:]

    assert {message["event"] for message in failed} == {"trial-failed"}
    categories = {message["trial"]: message["category"] for message in failed}
    assert categories == {trials["diverging"].path.name: "diverged", trials["killed"].path.name: "worker-died"}
    assert len(failed) == 2
    assert (ended["event"], ended["trials"], ended["finished"], ended["failed"]) == ("sweep-ended", 3, 1, 1)
    assert "1 of 3 trials finished, 1 resumable, 1 failed" in ended["text"]


def test_f17_failures_are_stored_with_kind_and_message(broken):
    *_, trials = broken

    assert trials["diverging"].failure.category == "diverged"
    assert trials["diverging"].failure.kind == "FloatingPointError"
    message = trials["diverging"].failure.message
    assert re.fullmatch(r"loss is not finite at step 2: (\w+ is (nan|inf)(, )?){3} and \d+ more", message), message
    assert trials["killed"].failure.category == "worker-died"
    assert trials["killed"].has_checkpoint
    assert {trial.last_attempt.ended for trial in trials.values()} == {"failed", "finished"}


def test_f17_the_sound_trial_finishes(broken):
    *_, trials = broken

    assert trials["sound"].result is not None
    assert trials["sound"].failure is None


def test_f17_status_shows_the_reasons(broken):
    combo, *_ = broken
    shown = combo("status", BROKEN).stdout

    assert "FloatingPointError: loss is not finite at step 2" in shown
    assert "its process is gone" in shown
    assert ": 1 of 3 trials finished, 1 resumable, 1 failed\n" in shown


def test_f17_what_failed_by_its_own_fault_waits_for_a_retry_and_what_was_killed_does_not(broken):
    combo, *_, trials = broken
    plan = {trial["key"]: trial for trial in json.loads(combo("status", BROKEN, "--json").stdout)["trials"]}

    assert plan[trials["diverging"].path.name]["state"] == "failed"
    assert plan[trials["killed"].path.name]["state"] == "resumable"
    assert plan[trials["killed"].path.name]["step"] > 0


def test_f17_the_report_shows_what_finished_and_what_did_not(broken):
    combo, *_ = broken
    report = combo("report", "build", BROKEN)

    assert report.returncode == 0
    assert "2 cells measured, 4 not" in report.stdout


def test_f17_mlflow_has_their_runs_as_failed(broken):
    combo, *_, trials = broken
    runs = Runs(combo.storage)

    statuses = {name: runs.nested[trial.path.name].info.status for name, trial in trials.items()}
    assert statuses == {"sound": "FINISHED", "diverging": "FAILED", "killed": "FAILED"}
    reason = runs.nested[trials["diverging"].path.name].data.tags["combo.failure"]
    assert reason.startswith("loss is not finite at step 2")
