"""A trial is killed just before each of its writes, then looked at, then continued."""

from __future__ import annotations

import pytest

from experiments.trial import Trial
from model.data.fingerprint import data_fingerprint
from model.weights.folder import damaged_file
from orchestrator.planning.plan import make_plan
from orchestrator.storage.folder import FolderStorage
from orchestrator.store import retention
from orchestrator.store.store import Store
from tests.faults.fault_report import note
from tests.faults.killed_at_write import train
from tests.training.tiny_trials import tiny_config

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(1800)]
STEPS = 3
PARTS = ("model", "optimizer")


@pytest.fixture(scope="module")
def trial(data):
    settings = {"training.batch": 2, "training.iterations": STEPS, "training.evaluate_every": 1}
    return Trial("tiny", "tiny", "s4", 0, 1, tiny_config(settings)).on_data(data_fingerprint(data, "s4"))


@pytest.fixture(scope="module")
def undisturbed(trial, data, tmp_path_factory):
    """The trial directory of a run that nobody killed, and its writes."""
    storage = tmp_path_factory.mktemp("undisturbed")
    return storage, train(trial, storage, data)


def test_f3_a_trial_killed_before_any_of_its_writes_is_whole_and_continues_bit_by_bit(
    trial, data, undisturbed, tmp_path
):
    reference, writes = undisturbed

    def kill_and_continue(number):
        storage = tmp_path / str(number)
        made = train(trial, storage, data, kill_before=number)
        assert len(made) == number
        state = _state(trial, storage)
        if state != "finished":
            train(trial, storage, data)
        _compare(trial, storage, reference)
        return state

    states = list(map(kill_and_continue, range(len(writes))))

    assert set(states) == {"new", "resumable", "finished"}
    assert states == sorted(states, key=["new", "resumable", "finished"].index)
    note("F3", f"kill -9 before each of {len(writes)} writes of a trial", "at most one step, or none")


def _state(trial, storage):
    """What a run would make of what is left; all of it is to be read without complaint."""
    store = Store(FolderStorage(storage))
    (entry,) = make_plan("tiny", [trial], store).entries
    folder = store.trial(trial.key)
    assert not list(folder.torn_metrics())
    assert not [path.name for path in folder.checkpoints.glob("[!.]*") if damaged_file(path)]
    assert not [leftover for leftover in retention.leftovers(store) if entry.state != "finished"]
    return entry.state


def _compare(trial, storage, reference):
    ours, theirs = (Store(FolderStorage(root)).trial(trial.key) for root in (storage, reference))
    for field in ("score", "validation", "best_step", "checkpoint", "quarantined"):
        assert getattr(ours.result, field) == getattr(theirs.result, field)
    tested = f"{theirs.result.checkpoint}/model.safetensors"
    for file in ("scores.parquet", tested, *(f"checkpoints/step-{STEPS:08d}/{part}.safetensors" for part in PARTS)):
        assert (ours.path / file).read_bytes() == (theirs.path / file).read_bytes()
    assert ours.failure is None
