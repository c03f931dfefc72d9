"""Trials in which something does not fit: nothing of them is deleted, they are named, the others are told as usual."""

import json
import os
import shutil

import pytest
from stored_trio import store_trio, trio

from orchestrator.store.trial_folder import TrialFolder
from orchestrator.trial.leases import AttemptLease, attempt_numbers
from orchestrator.trial.process_identity import this_process
from tests.reports.whole_storage import WholeStorage


@pytest.fixture(scope="module")
def trials():
    """One that will be damaged, one that stays sound, one that is not finished."""
    return trio()


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return store_trio(tmp_path_factory.mktemp("original") / "storage")


@pytest.fixture
def storage(original, tmp_path, monkeypatch):
    """A copy that a test may damage."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copytree(original.root, tmp_path / "storage")
    return WholeStorage(tmp_path / "storage")


@pytest.fixture
def empty_mlflow(storage, empty_database):
    """The storage's own MLflow, without runs."""
    shutil.copy(empty_database, storage.root / "mlflow.db")


@pytest.fixture
def say(command, storage):
    return lambda verb, *words: command(verb, *words, "--storage", storage.root)


def edit(path, change):
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def checkpoints(storage, trial):
    return sorted(path.name for path in (storage.folder(trial) / "checkpoints").iterdir())


def update(**changes):
    return lambda values: values.update(changes)


def inside(section, **changes):
    return lambda values: values[section].update(changes)


INCONSISTENT = {
    "checkpoint": update(checkpoint="checkpoints/best-00000011"),
    "best step": update(best_step=11),
    "checkpoint and best step": update(best_step=11, checkpoint="checkpoints/best-00000011"),
    "checksum of the weights": lambda values: values["checksums"].update(
        {"checkpoints/best-00000010/model.safetensors": "0" * 64}
    ),
    "weights not among the checksums": lambda values: values["checksums"].pop(
        "checkpoints/best-00000010/model.safetensors"
    ),
    "key": update(key="0" * 16),
    "data": inside("provenance", data_fingerprint="5" * 16),
    "attempt": inside("provenance", attempts=1),
    "score": inside("score", j_sum=1.25),
    "clips": inside("score", count=13),
    "validation": inside("validation", j_sum=4.5),
    "split": inside("protocol", split="val"),
    "thresholds": inside("protocol", thresholds=254),
    "beta": inside("protocol", beta_squared=0.31),
    "version": inside("protocol", version=2),
    "rule": inside("protocol", empty_mask_rule="none"),
    "clips set aside": update(quarantined={"train": ["clip-1"]}),
}


@pytest.mark.parametrize("name", INCONSISTENT)
def test_f22_gc_deletes_nothing_of_a_trial_in_which_one_field_does_not_fit(say, storage, trials, name):
    edit(storage.folder(trials[0]) / "result.json", INCONSISTENT[name])
    said = say("gc", "--delete")

    assert said.code == 2
    assert f"left alone: {storage.folder(trials[0])}" in said.out
    assert checkpoints(storage, trials[0]) == ["best-00000010", "step-00000020"]
    assert checkpoints(storage, trials[1]) == ["best-00000010"]


@pytest.mark.parametrize("name", INCONSISTENT)
def test_verify_finds_every_field_that_does_not_fit(command, storage, trials, name):
    edit(storage.folder(trials[0]) / "result.json", INCONSISTENT[name])
    words = ("report", "verify", "combo/table7", "seeds=[0,1]", "--scale", "smoke", "--without-mlflow")
    said = command(*words, "--storage", storage.root)

    assert said.code == 1
    assert trials[0].key in said.out
    assert trials[1].key not in said.out


def test_f22_gc_deletes_nothing_of_a_trial_whose_tested_weights_have_another_configuration(say, storage, trials):
    tested = "checkpoints/best-00000010"
    theirs = storage.folder(trials[1]) / tested / "manifest.json"
    shutil.copy(theirs, storage.folder(trials[0]) / tested / "manifest.json")

    assert "configuration in manifest.json of the tested weights" in say("gc", "--delete").out
    assert checkpoints(storage, trials[0]) == ["best-00000010", "step-00000020"]


def test_f4_strangers_among_attempts_and_checkpoints_are_passed_over_with_a_warning(say, storage, trials, caplog):
    folder = storage.store.trial(trials[2].key)
    (folder.path / "attempts/²").with_suffix(".json").write_text("{}")
    (folder.path / "attempts/01.json").write_text("{}")
    (folder.checkpoints / "step-00000020-copy2").mkdir(parents=True)
    (folder.checkpoints / "step-00000015").mkdir()

    assert attempt_numbers(storage.store.storage, trials[2].key) == [1]
    assert folder.steps_done == 15
    assert say("status", trials[2].key).out.endswith(": 0 of 1 trials finished, 1 stopped\n")
    assert "checkpoints: step-00000010, step-00000015\n" in say("logs", trials[2].key).out
    assert all(name in caplog.text for name in ("01.json", "step-00000020-copy2"))


@pytest.mark.parametrize("change", [{"process": "boot/pid:[1]/174a0/9"}, {"step": -1}, {"best": 1.5}, {"workers": 0}])
def test_f4_a_damaged_attempt_is_named_and_holds_nothing_back(say, storage, trials, change):
    path = storage.folder(trials[2]) / "attempts/1.json"
    edit(path, update(ended=None, process=this_process(), **change) if "process" not in change else update(**change))
    said = say("status", trials[2].key)

    assert said.code == 0
    assert f"{path}: is damaged: {next(iter(change))} " in said.out
    assert "it is passed over" in said.out
    assert "running" not in said.out


@pytest.mark.parametrize("name", ["attempts/1.json", "result.json", "failure.json", "metrics/attempt-1.jsonl"])
def test_f4_a_folder_in_place_of_a_file_is_named_at_once(say, storage, trials, name):
    path = storage.folder(trials[2]) / name
    path.unlink(missing_ok=True)
    path.mkdir()
    status, logs = (say(verb, trials[2].key, trials[1].key) for verb in ("status", "logs"))

    assert f"{path}: is damaged: it is a folder" in status.out
    assert "1 of 2 trials finished, 1 damaged" in status.out
    assert f"trial {trials[1].key}: finished" in logs.out
    with pytest.raises(Exception, match="it is a folder"):
        TrialFolder(storage.store.storage, f"trials/{trials[2].key}").begin(trials[2])


def test_f14_an_attempt_that_cannot_be_leased_is_no_attempt_of_somebody_else(storage, trials):
    path = storage.folder(trials[2]) / "attempts/2.json"
    path.mkdir()
    with pytest.raises(Exception, match=r"attempts/2.json: is damaged: it is a folder \(move it away"):
        AttemptLease(storage.store.storage, trials[2].key, 2, 1, "cpu")


@pytest.mark.parametrize("damage", ["{", '{"key": "x"}'])
def test_f4_logs_and_status_tell_the_trials_beside_one_that_cannot_be_told(say, storage, trials, damage):
    (storage.folder(trials[0]) / "trial.json").write_text(damage)
    status, logs = (say(verb, trials[0].key, trials[1].key) for verb in ("status", "logs"))

    assert status.code == logs.code == 2
    assert f"{trials[0].key}/trial.json: is damaged" in status.err
    assert "1 of 1 trials finished" in status.out
    assert f"trial {trials[1].key}: finished" in logs.out


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("result.json", inside("score", count=0), "score.count"),
        ("result.json", inside("provenance", finished="2026-91-01T00:00:00+00:00"), "provenance.finished"),
        ("result.json", update(best_step=10**20), "best_step"),
        ("trial.json", update(key="0" * 16), "lies in the folder of"),
    ],
)
@pytest.mark.usefixtures("empty_mlflow")
def test_f4_sync_names_a_damaged_trial_and_tells_mlflow_of_the_others(say, storage, trials, name, change, said):
    edit(storage.folder(trials[0]) / name, change)
    outcome = say("sync")

    assert outcome.code == 2
    assert "MLflow holds 3 runs" in outcome.out  # the sweep, the sound trial, the stopped one
    assert f"left out: {storage.folder(trials[0]) / name}: is damaged: " in outcome.out
    assert said in outcome.out
    assert outcome.err.count("cannot be written") == 0


@pytest.mark.usefixtures("empty_mlflow")
def test_f4_only_regular_files_of_sane_size_are_opened(say, storage, trials):
    folder, other = storage.folder(trials[0]), storage.folder(trials[1])
    (folder / "scores.parquet").unlink()
    os.mkfifo(folder / "scores.parquet")
    (other / "result.json").unlink()
    (other / "result.json").symlink_to("/dev/zero")
    with (storage.folder(trials[2]) / "metrics/attempt-1.jsonl").open("r+b") as metrics:
        metrics.truncate(2**30)
    keys = [trial.key for trial in trials]
    status, gc, sync = say("status", *keys), say("gc", "--delete"), say("sync")

    assert "0 of 3 trials finished, 3 damaged" in status.out
    for said in (status, sync):
        assert f"{other / 'result.json'}: is damaged: it is no regular file" in said.out
        assert "attempt-1.jsonl: is damaged: it holds 1,073,741,824 bytes" in said.out
    assert f"left alone: {folder}: " in gc.out
    assert checkpoints(storage, trials[0]) == ["best-00000010", "step-00000020"]
