"""Attempts of one trial in a plain Python loop, without Ray."""

import shutil
import time

import pytest
import torch
from combo_command import TINY
from driver import Driver
from mlflow_runs import Runs

from experiments.load_experiment import load_experiment
from model.data.avsbench import AVSBench
from model.data.errors import DataError
from model.data.layout import clip_files
from model.data.sampler import ShuffledSampler
from model.training.workers import Workers
from orchestrator.planning.plan import trials_on_data
from orchestrator.run_config import RunConfig
from orchestrator.settings import resolve_settings
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.tracking.tracker import Tracker
from orchestrator.trial.leases import AttemptLease, LeaseTakenError, last_attempt
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from orchestrator.trial.updates import Finished, Measured, Started

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def trial(data):
    return trials_on_data([load_experiment(str(TINY))], data)[0]


@pytest.fixture
def attempt(tmp_path, data, trial):
    """Starts an attempt; returns its reports and the updates that it tells."""

    def start(data=data, trial=trial, requested=None, **options):
        driver = Driver(requested=requested)
        config = RunConfig(checkpoint_every=1, **options)
        context = RunContext(storage=FolderStorage(tmp_path / "storage"), data=data, commit=None, config=config)
        return run_trial(trial, context, Workers(), driver), driver.told

    return start


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data):
    """An attempt that nothing disturbs: its trial's folder, its reports, and the updates that it told."""
    torch.set_num_threads(1)
    (trial, *_), driver = trials_on_data([load_experiment(str(TINY))], data), Driver()
    storage = FolderStorage(tmp_path_factory.mktemp("whole"))
    context = RunContext(storage=storage, data=data, commit=None, config=RunConfig(checkpoint_every=1))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMBO_CACHE", str(storage.root / "cache"))
        reports = list(run_trial(trial, context, Workers(), driver))
    return Store(storage).trial(trial.key), reports, driver.told


@pytest.fixture
def folder(tmp_path, trial):
    return Store(FolderStorage(tmp_path / "storage")).trial(trial.key)


def _steps(told):
    return [update.line.step for update in told if isinstance(update, Measured) and update.line.kind == "step"]


def test_every_validation_is_reported_and_every_update_told(whole, trial):
    folder, reports, told = whole

    assert [report["step"] for report in reports] == [3.0, 6.0]
    assert told[0] == Started(trial, attempt=1, step=0)
    assert _steps(told) == [1, 2, 3, 4, 5, 6]
    assert told[-1] == Finished(trial.key, folder.result)


def test_clips_are_kept_decoded_on_the_machine_if_asked_and_numbers_stay(attempt, whole, tmp_path, monkeypatch):
    folder, *_ = whole
    assert not (folder.path.parents[1] / "cache").exists()

    monkeypatch.setenv("COMBO_CACHE", str(tmp_path / "cache"))
    reports, told = attempt(clip_cache=0.1)
    list(reports)
    assert told[-1].result.score == folder.result.score
    assert list((tmp_path / "cache" / "clips").glob("*.clip"))


def test_an_attempt_that_was_cut_off_is_continued(attempt, folder, trial):
    reports, _ = attempt()
    next(reports)
    reports.close()
    before = folder.seconds_spent()

    reports, told = attempt()
    list(reports)
    assert told[0] == Started(trial, attempt=2, step=2)
    assert _steps(told) == [3, 4, 5, 6]
    assert folder.result.provenance.attempts == 2
    assert folder.result.provenance.training_seconds > before > 0


@pytest.mark.parametrize("stop_request", ["stopped", "preempted"])
def test_a_trial_that_is_asked_to_end_writes_a_checkpoint_and_says_how_it_ended(attempt, tmp_path, data, stop_request):
    long = trials_on_data([load_experiment(str(TINY), "long")], data)[0]
    folder = Store(FolderStorage(tmp_path / "storage")).trial(long.key)
    reports, told = attempt(trial=long, requested=stop_request)
    list(reports)

    steps = _steps(told)
    assert len(steps) < 120
    assert folder.last_attempt.ended == stop_request
    assert folder.steps_done == steps[-1]
    assert folder.failure is None
    reports, told = attempt(trial=long, requested="stopped")
    list(reports)
    assert told[0] == Started(long, attempt=2, step=steps[-1])
    assert _steps(told)[0] == steps[-1] + 1


def test_f14_a_trial_that_another_run_continues_is_given_up_without_a_result(
    attempt, tmp_path, trial, frequent_heartbeats
):
    reports, told = attempt()
    next(reports)
    storage = FolderStorage(tmp_path / "storage")
    theirs = AttemptLease(storage, trial.key, 2, 1, "cpu")
    time.sleep(frequent_heartbeats)

    with pytest.raises(LeaseTakenError, match="attempt 1 was thought dead and is continued elsewhere"):
        list(reports)
    assert not any(isinstance(update, Finished) for update in told)
    assert last_attempt(storage, trial.key) == theirs.record
    assert Store(storage).trial(trial.key).failure is None


def test_f9_a_damaged_checkpoint_is_passed_over(attempt, folder, trial, caplog):
    reports, _ = attempt()
    next(reports)
    next(reports)
    reports.close()
    newest = max(folder.checkpoints.glob("step-*")) / "model.safetensors"
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    newest.write_bytes(content)

    reports, told = attempt()
    list(reports)
    assert told[0] == Started(trial, attempt=2, step=4)
    assert "is damaged (model.safetensors); using an earlier one" in caplog.text


def test_f4_a_torn_metrics_line_stops_nothing(attempt, folder):
    reports, _ = attempt()
    next(reports)
    reports.close()
    with folder.metrics_file(1).open("a") as file:
        file.write('{"kind": "step", "att')

    reports, _ = attempt()
    list(reports)
    assert {line.step for line in folder.metric_lines()} == {1, 2, 3, 4, 5, 6}


def _damaged_copy(data, copy, *clips):
    """A copy of the data in which the first frame of some clips is truncated: those clips, by split and place."""
    shutil.copytree(data, copy)
    pictures = []
    for split, place in clips:
        dataset = AVSBench(copy, "s4", split, 32)
        pictures.append(clip_files("s4", dataset.root, dataset.entries[place]).frames[0])
        pictures[-1].write_bytes(pictures[-1].read_bytes()[:100])
    return copy, pictures


def test_unreadable_clips_fail_the_trial_and_repaired_ones_let_it_finish(attempt, folder, trial, data, tmp_path):
    damaged, pictures = _damaged_copy(data, tmp_path / "data", ("test", 0), ("test", 2), ("val", 1))

    reports, told = attempt(damaged)
    with pytest.raises(DataError):
        list(reports)
    assert folder.result is None
    assert folder.failure.kind == "DataError"
    assert folder.failure.message.startswith(
        f"2 of 4 test clips cannot be used, 1 would be tolerated; the first: {pictures[0]}"
    )
    assert folder.failure.category == "exception"
    assert (folder.last_attempt.ended, folder.last_attempt.reason) == (
        "failed",
        f"DataError: {folder.failure.message}",
    )
    assert not any(isinstance(update, Finished) for update in told)
    log = folder.log_file(1).read_text()
    assert "Traceback" in log
    assert f"DataError: {folder.failure.message}" in log

    shutil.copytree(data, damaged, dirs_exist_ok=True)
    reports, told = attempt(damaged)
    next(reports, None)
    assert told[0] == Started(trial, attempt=2, step=6)
    assert folder.failure is None
    assert folder.result.quarantined == {"val": [pictures[2].parent.name]}  # what was validated without it is kept


def test_a_result_and_mlflow_name_the_clips_that_could_not_be_used(
    attempt, folder, trial, data, tmp_path, caplog, empty_database
):
    drawn = ShuffledSampler(clips=14, batch=2, seed=0).global_batch(1)[0]
    damaged, pictures = _damaged_copy(data, tmp_path / "data", ("train", drawn), ("test", 2))

    reports, _ = attempt(damaged)
    list(reports)

    names = {split: [picture.parent.name] for split, picture in zip(("train", "test"), pictures, strict=True)}
    assert folder.result.quarantined == names
    assert folder.result.score.count == 3
    lines = list(folder.quarantine_lines())
    assert [(line.split, [line.clip], line.attempt) for line in lines] == [(*names_of, 1) for names_of in names.items()]
    for line, picture in zip(lines, pictures, strict=True):
        assert line.reason.startswith(f"{picture} cannot be read as a picture")
        assert caplog.text.count(f"clip {line.clip} is quarantined: ") == 1
    assert len((folder.path / "quarantine.jsonl").read_text().splitlines()) == 2

    shutil.copy(empty_database, tmp_path / "storage" / "mlflow.db")
    settings = resolve_settings(str(tmp_path / "storage"), damaged)
    with Tracker(settings, "combo", "tiny", [], [trial]) as tracker:
        pass
    assert tracker.trouble is None
    metrics = Runs(settings.storage.root).nested[trial.key].data.metrics
    assert {name: metrics[name] for name in metrics if "quarantine" in name} == {
        "quarantined/train": 1.0,
        "quarantined/test": 1.0,
    }
