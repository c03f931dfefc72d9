"""A run that finds nothing it may start says why, fails if trials have, and starts no Ray."""

import json
import socket

import pytest
from combo_command import TINY

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from model.data.fingerprint import data_fingerprint
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.trial.failures import failure
from orchestrator.trial.leases import AttemptLease


@pytest.fixture
def words(tmp_path, data):
    """Words of a command on a storage in which every trial of the experiment is failed or damaged."""
    storage = FolderStorage(tmp_path / "storage")
    trials = [trial.on_data(data_fingerprint(data, "s4")) for trial in expand(load_experiment(str(TINY)))]
    for trial in trials:
        folder = Store(storage).trial(trial.key)
        folder.begin(trial)
        folder.write_failure(failure(1, "diverged", "FloatingPointError", "loss is not finite at step 2"))
        AttemptLease(storage, trial.key, 1, 1, "cpu").end("failed")
    storage.write(f"trials/{trials[2].key}/trial.json", b"{")
    return TINY, "--storage", storage.root, "--data", data


@pytest.fixture
def run(command, words):
    """Runs the experiment."""
    return command("run", *words)


def test_failed_and_damaged_trials_are_told_with_the_verb_that_helps(run):
    failed = "s4 seed 0: FloatingPointError: loss is not finite at step 2"

    assert run.code == 1
    assert f"failed: lambda-0 {failed}\nfailed: lambda-10 {failed}\n" in run.out
    assert "damaged: lambda-20 s4 seed 0: " in run.out
    assert ": nothing to run; `combo retry` gives failed trials another attempt\n" in run.out
    assert "Ray" not in run.out


def test_as_json_the_same_is_told_in_events(command, words, run):
    told = command("run", *words, "--log-format", "json")
    events = [json.loads(line) for line in told.out.splitlines()]

    assert told.code == 1
    assert {event["event"] for event in events} == {"message"}
    assert len({event["sweep"] for event in events}) == 1
    # On a terminal, long lines are broken at its width.
    assert " ".join(event["message"] for event in events).split() == run.out.split()


@pytest.mark.parametrize("verb", ["run", "retry"])
def test_a_port_that_is_taken_is_refused_before_anything_is_changed(command, words, verb):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = command(verb, *words, "--metrics-port", port)

    assert (told.code, told.out) == (2, "")
    remedy = "(name a free one above 1023)"
    assert told.err == f"error: --metrics-port {port}: cannot be used: Address already in use {remedy}\n"
    assert "failed: lambda-0" in command("run", *words).out
