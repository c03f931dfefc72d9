"""Attempts of one trial in a plain Python loop, without Ray."""

import shutil

import pytest
from combo_command import TINY

from experiments.expand import load_study
from model.data.errors import DataError
from model.training.workers import Workers
from orchestrator.machine import Machine
from orchestrator.plan import trials_on_data
from orchestrator.store import Store
from orchestrator.trial import run_trial
from orchestrator.updates import Failed, Finished, Measured, Started

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def trial(data):
    return trials_on_data([load_study(str(TINY))], data)[0]


@pytest.fixture
def attempt(tmp_path, data, trial):
    """Starts an attempt; returns its reports and the updates that it tells."""

    def start(data=data):
        told = []
        machine = Machine(storage=tmp_path / "storage", data=data, commit=None, checkpoint_every=1)
        return run_trial(trial, machine, Workers(), told.append), told

    return start


@pytest.fixture
def folder(tmp_path, trial):
    return Store(tmp_path / "storage").trial(trial.key)


def _steps(told):
    return [update.line.step for update in told if isinstance(update, Measured) and update.line.kind == "step"]


def test_every_validation_is_reported_and_every_update_told(attempt, folder, trial):
    reports, told = attempt()

    assert [report["step"] for report in reports] == [3.0, 6.0]
    assert told[0] == Started(trial.key, attempt=1, step=0)
    assert _steps(told) == [1, 2, 3, 4, 5, 6]
    assert told[-1] == Finished(trial.key, folder.result)


def test_an_attempt_that_was_cut_off_is_continued(attempt, folder, trial):
    reports, _ = attempt()
    next(reports)
    reports.close()
    before = folder.seconds_spent()

    reports, told = attempt()
    list(reports)
    assert told[0] == Started(trial.key, attempt=2, step=2)
    assert _steps(told) == [3, 4, 5, 6]
    assert folder.result.provenance.attempts == 2
    assert folder.result.provenance.training_seconds > before > 0


def test_a_damaged_checkpoint_is_passed_over(attempt, folder, trial, caplog):
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
    assert told[0] == Started(trial.key, attempt=2, step=4)
    assert "is damaged (model.safetensors); using an earlier one" in caplog.text


def test_a_torn_metrics_line_stops_nothing(attempt, folder):
    reports, _ = attempt()
    next(reports)
    reports.close()
    with folder.metrics_file(1).open("a") as file:
        file.write('{"kind": "step", "att')

    reports, _ = attempt()
    list(reports)
    assert {line.step for line in folder.metric_lines()} == {1, 2, 3, 4, 5, 6}


def test_an_unreadable_picture_fails_the_trial_and_a_repaired_one_lets_it_finish(
    attempt, folder, trial, data, tmp_path
):
    shutil.copytree(data, tmp_path / "data")
    picture = next((tmp_path / "data").rglob("visual_frames/test/**/*.png"))
    content = picture.read_bytes()
    picture.write_bytes(content[:100])

    reports, told = attempt(tmp_path / "data")
    with pytest.raises(DataError):
        list(reports)
    assert folder.result is None
    assert folder.failure.kind == "DataError"
    assert str(picture) in folder.failure.message
    assert told[-1] == Failed(trial.key, folder.failure)

    picture.write_bytes(content)
    reports, told = attempt(tmp_path / "data")
    next(reports, None)
    assert told[0] == Started(trial.key, attempt=2, step=6)
    assert folder.failure is None
    assert folder.result is not None
