import shutil

import pytest
from combo_command import TINY

from experiments.expand import load_study
from experiments.records import FailureRecord
from experiments.storage.folder import FolderStorage
from orchestrator.planning.plan import make_plan, sweep_name, trials_on_data
from orchestrator.store.store import Store


@pytest.fixture
def study():
    return load_study(str(TINY))


@pytest.fixture
def trials(study, data):
    return trials_on_data([study], data)


def test_nothing_has_run_at_first(trials, tmp_path):
    plan = make_plan("tiny", trials, Store(FolderStorage(tmp_path / "absent")))

    assert [(entry.state, entry.attempts) for entry in plan.entries] == [("new", 0)] * 3
    assert plan.to_run == trials
    assert not (tmp_path / "absent").exists()


def test_a_failed_trial_is_shown_with_its_reason_and_runs_again(trials, tmp_path):
    store = Store(FolderStorage(tmp_path))
    folder = store.trial(trials[1].key)
    folder.begin(trials[1])
    folder.write_failure(FailureRecord(attempt=1, kind="DataError", message="unreadable", time="2026-11-20"))

    plan = make_plan("tiny", trials, store)
    assert [entry.state for entry in plan.entries] == ["new", "failed", "new"]
    assert plan.entries[1].reason == "DataError: unreadable"
    assert plan.to_run == trials


def test_a_trial_with_a_checkpoint_continues(trials, tmp_path):
    store = Store(FolderStorage(tmp_path))
    (store.trial(trials[0].key).checkpoints / "step-00000002").mkdir(parents=True)

    assert [entry.state for entry in make_plan("tiny", trials, store).entries] == ["resumable", "new", "new"]


@pytest.mark.slow
def test_finished_trials_are_left_out(sweep, trials):
    plan = make_plan("tiny", trials, Store(FolderStorage(sweep.combo.storage)))

    assert plan.count("finished") == 3
    assert plan.to_run == []


def test_trials_that_two_studies_share_appear_once(study, trials, tmp_path, data):
    copy = shutil.copy(TINY, tmp_path / "copy.yaml")
    both = trials_on_data([study, load_study(str(copy))], data)

    assert [trial.key for trial in make_plan("both", both, Store(FolderStorage(tmp_path))).to_run] == [
        trial.key for trial in trials
    ]


def test_the_number_of_workers_changes_no_identity(study, trials, data):
    spread = trials_on_data([study], data, workers=2)

    assert {trial.workers for trial in spread} == {2}
    assert [trial.key for trial in spread] == [trial.key for trial in trials]


def test_other_data_make_other_trials(study, trials, data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    mask = next((tmp_path / "data").rglob("gt_masks/**/*.png"))
    mask.write_bytes(mask.read_bytes() + b"changed")

    assert {trial.key for trial in trials_on_data([study], tmp_path / "data")}.isdisjoint(trial.key for trial in trials)


def test_the_name_of_a_sweep_says_which_studies_at_which_scale():
    demo, full = load_study("combo/table7", "demo"), load_study("combo/table7")

    assert sweep_name([demo]) == "combo-table7-demo"
    assert sweep_name([full, load_study(str(TINY), "long")]) == "combo-table7+tiny-long"
