"""A run that finds nothing it may start says why, fails if trials have, and starts no Ray."""

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
def run(command, tmp_path, data):
    """Runs the experiment on a storage in which every trial is failed or damaged."""
    storage = FolderStorage(tmp_path / "storage")
    trials = [trial.on_data(data_fingerprint(data, "s4")) for trial in expand(load_experiment(str(TINY)))]
    for trial in trials:
        folder = Store(storage).trial(trial.key)
        folder.begin(trial)
        folder.write_failure(failure(1, "diverged", "FloatingPointError", "loss is not finite at step 2"))
        AttemptLease(storage, trial.key, 1, 1, "cpu").end("failed")
    storage.write(f"trials/{trials[2].key}/trial.json", b"{")
    return command("run", TINY, "--storage", storage.root, "--data", data)


def test_failed_and_damaged_trials_are_told_with_the_verb_that_helps(run):
    failed = "s4 seed 0: FloatingPointError: loss is not finite at step 2"

    assert run.code == 1
    assert f"failed: lambda-0 {failed}\nfailed: lambda-10 {failed}\n" in run.out
    assert "damaged: lambda-20 s4 seed 0: " in run.out
    assert ": nothing to run; `combo retry` gives failed trials another attempt\n" in run.out
    assert "Ray" not in run.out
