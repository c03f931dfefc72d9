"""`combo gc` frees what nothing needs: it lists first, deletes what it listed, and never touches what is in use."""

import shutil

import pytest
from combo_command import Combo

from experiments.load_experiment import load_experiment
from model.weights.stored_model import read_stored_model
from orchestrator.planning.plan import trials_on_data
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store

pytestmark = pytest.mark.slow


@pytest.fixture
def storage(sweep, tmp_path):
    """A copy of a finished sweep's storage that a test may change, and the command on it."""
    combo = Combo(tmp_path, sweep.data)
    shutil.copytree(sweep.combo.storage, combo.storage)
    return combo


def folders(combo):
    return {path.relative_to(combo.storage) for path in combo.storage.glob("trials/*/checkpoints/*")}


def test_it_lists_and_changes_nothing_until_told(storage):
    before = folders(storage)
    run = storage("gc")
    assert run.returncode == 0
    assert folders(storage) == before
    assert "previews of a finished trial" in run.stdout
    assert list(storage.storage.glob("trials/*/previews/*.npz"))
    assert "can be freed with --delete" in run.stdout


def test_it_deletes_exactly_what_it_listed_and_keeps_what_was_tested(storage):
    before = folders(storage)
    listed = {path for path in before if str(path) in storage("gc").stdout}
    assert storage("gc", "--delete").returncode == 0
    assert folders(storage) == before - listed
    for trial in Store(FolderStorage(storage.storage)).trials():
        tested = trial.path / trial.result.checkpoint
        assert [path.name for path in trial.checkpoints.iterdir()] == [tested.name]
        assert not list(trial.path.glob("previews/*"))
        assert read_stored_model(tested).step == trial.result.best_step
    assert "nothing to free" in storage("gc").stdout


def test_finished_trials_stay_finished_and_their_report_the_same(storage, sweep):
    report = ("report", "build", *sweep.words, "--out")
    storage(*report, "before")
    storage("gc", "--delete")
    storage(*report, "after")
    before, after = ((storage.folder / name) for name in ("before", "after"))
    tables = [path.relative_to(before) for path in before.rglob("*.csv")]
    assert tables
    assert all((before / path).read_bytes() == (after / path).read_bytes() for path in tables)
    assert "finished already, nothing to run" in storage("run", *sweep.words).stdout


def test_a_trial_without_a_result_keeps_everything(storage, sweep):
    trial = trials_on_data([load_experiment(str(sweep.words[0]), "group")], sweep.data)[0]
    folder = Store(FolderStorage(storage.storage)).trial(trial.key)
    (folder.path / "result.json").unlink()
    before = sorted(path.name for path in folder.checkpoints.iterdir())
    storage("gc", "--delete")
    assert sorted(path.name for path in folder.checkpoints.iterdir()) == before
    (folder.path / "result.json").write_text("{")
    storage("gc", "--delete")
    assert sorted(path.name for path in folder.checkpoints.iterdir()) == before
