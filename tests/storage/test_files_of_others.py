"""A colleague's storage: what this user may not read is told as that, and is nobody's damage and no trial's fault."""

import shutil
import stat

import pytest
import torch
from safetensors.torch import load_file

from experiments.records import FailureRecord
from model.training.checkpoint import latest_training_state
from model.weights.folder import write_folder
from orchestrator.planning.plan import make_plan
from orchestrator.store.store import Store
from orchestrator.trial.failures import classify, failure_record
from tests.powers import without_overrides
from tests.reports.whole_storage import WholeStorage, smoke_trials

WORDS = ("combo/table7", "--scale", "smoke")


@pytest.fixture(scope="module")
def trials():
    """Of S4: one that will be closed, and one that stays open."""
    return [trial for trial in smoke_trials() if trial.task == "s4"][:2]


@pytest.fixture(scope="module")
def original(trials, tmp_path_factory):
    storage = WholeStorage(tmp_path_factory.mktemp("original") / "storage")
    for trial in trials:
        storage.finish(trial)
    return storage


@pytest.fixture
def storage(original, tmp_path, monkeypatch):
    """A copy in which a test may close files."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copytree(original.root, tmp_path / "storage")
    return WholeStorage(tmp_path / "storage")


@pytest.fixture
def verify(command, storage):
    """As a user with no special powers; the numbers that a kept result shows come from before."""

    def say():
        with without_overrides():
            return command("report", "verify", *WORDS, "--storage", storage.root, "--without-mlflow")

    return say


@pytest.mark.parametrize(
    "closed",
    ["checkpoints/best-00000010/model.safetensors", "checkpoints/best-00000010", "scores.parquet", "metrics"],
)
def test_verify_says_what_it_may_not_read_and_blames_no_number(storage, trials, verify, closed):
    (storage.folder(trials[0]) / closed).chmod(0)
    said = verify()
    (storage.folder(trials[0]) / closed).chmod(0o700)

    assert said.code == 2
    assert "cannot be read: Permission denied" in said.out
    assert "cannot be verified, as this user may not read all files" in said.out
    assert "not follow" not in said.out


def test_a_number_that_is_wrong_is_told_beside_files_that_are_closed(storage, trials, verify):
    (storage.folder(trials[0]) / "checkpoints/best-00000010/model.safetensors").chmod(0)
    (storage.folder(trials[0]) / "scores.parquet").write_bytes(b"damaged")
    said = verify()

    assert said.code == 1
    assert "not follow from the data" in said.out


@pytest.mark.parametrize("closed", [".", "trial.json", "result.json"])
def test_status_shows_a_closed_trial_as_unreadable_and_run_leaves_it(storage, trials, command, closed):
    place = storage.folder(trials[0]) / closed
    place.chmod(0)
    with without_overrides():
        said = command("status", trials[1].key, "--storage", storage.root)
        plan = make_plan("sweep", trials, Store(storage.store.storage))
    place.chmod(0o700)

    assert said.code == 0
    assert [entry.state for entry in plan.entries] == ["unreadable", "finished"]
    assert "cannot be read: Permission denied (ask its owner to let you read it)" in plan.entries[0].reason
    assert plan.to_run == []


def test_a_closed_storage_holds_no_new_trials(storage, trials):
    (storage.root / "trials").chmod(0)
    with without_overrides():
        plan = make_plan("sweep", trials, Store(storage.store.storage))
    (storage.root / "trials").chmod(0o700)

    assert [entry.state for entry in plan.entries] == ["unreadable"] * 2


def test_a_closed_checkpoint_is_no_reason_to_begin_anew(tmp_path):
    """It would be, were it damaged."""
    state = tmp_path / "step-00000002"
    tensors = {"model.safetensors": {"w": torch.zeros(1)}}
    write_folder(state, tensors, {"step": 2}, replace=False)
    (state / "manifest.json").chmod(0)

    with without_overrides(), pytest.raises(PermissionError):
        latest_training_state(tmp_path)


def test_what_a_user_may_not_do_is_no_failure_of_the_trial(storage, trials):
    record = failure_record(1, PermissionError(13, "Permission denied", "weights.pt"))
    folder = storage.store.trial(trials[0].key)
    folder.write_failure(record)

    assert isinstance(record, FailureRecord)
    assert (record.category, classify(PermissionError())) == ("not-permitted", "not-permitted")
    assert "ask the owner of the file for access" in record.message
    assert not (folder.path / "failure.json").exists()


def test_weights_are_as_open_as_other_new_files(tmp_path):
    write_folder(tmp_path / "best-00000002", {"model.safetensors": {"w": torch.zeros(1)}}, {}, replace=False)
    (tmp_path / "other").touch()
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in (*(tmp_path / "best-00000002").iterdir(), tmp_path / "other")
    }

    assert len(modes) == 1
    assert load_file(tmp_path / "best-00000002/model.safetensors")
