import json
import shutil
from pathlib import Path

import pytest
from combo_command import TINY

from experiments.identity import trial_key
from experiments.load_experiment import load_experiment
from experiments.trial import with_parents
from orchestrator.planning.plan import make_plan, trials_on_data, trials_where_data_are
from orchestrator.planning.sweep_names import file_part
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.trial.failures import failure
from orchestrator.trial.leases import AttemptLease, last_attempt

DEPENDENT = Path(__file__).parent / "dependent.yaml"
SEEDS = [0, 1, 2]


@pytest.fixture
def scaled():
    return load_experiment(str(TINY))


@pytest.fixture
def trials(scaled, data):
    return trials_on_data([scaled], data)


@pytest.fixture
def dependent(tmp_path):
    """Trials from scratch, then as many that start from others, which are not among them; without data."""
    return trials_where_data_are([load_experiment(str(DEPENDENT), assigned={"seeds": SEEDS})], tmp_path, None)[0]


def test_nothing_has_run_at_first(trials, tmp_path):
    plan = make_plan("tiny", trials, Store(FolderStorage(tmp_path / "absent")))

    assert [(entry.state, entry.attempts) for entry in plan.entries] == [("new", 0)] * 3
    assert plan.to_run == trials
    assert not (tmp_path / "absent").exists()


def attempt(store, trial, ended=None, category=None):
    """Leaves what an attempt leaves."""
    folder = store.trial(trial.key)
    folder.begin(trial)
    lease = AttemptLease(store.storage, trial.key, folder.attempts + 1, 1, "cpu")
    if category is not None:
        folder.write_failure(failure(lease.record.attempt, category, "SomeError", "so"))
    if ended is not None:
        lease.end(ended)


@pytest.mark.parametrize("category", ["diverged", "out-of-memory", "import-error", "exception"])
def test_a_trial_that_failed_by_its_own_fault_is_shown_with_its_reason_and_waits(trials, tmp_path, category):
    store = Store(FolderStorage(tmp_path))
    attempt(store, trials[1], "failed", category)

    plan = make_plan("tiny", trials, store)
    assert [entry.state for entry in plan.entries] == ["new", "failed", "new"]
    assert plan.entries[1].reason.startswith("SomeError: so")
    assert plan.to_run == [trials[0], trials[2]]
    assert plan.failed == [trials[1]]


@pytest.mark.parametrize("category", ["worker-died", "node-lost", "hung", "preempted", "disk-full", "storage"])
def test_a_trial_that_lost_its_process_its_machine_or_its_storage_goes_on(trials, tmp_path, category):
    store = Store(FolderStorage(tmp_path))
    for trial in trials[:2]:
        attempt(store, trial, "failed", category)
    (store.trial(trials[0].key).checkpoints / "step-00000002").mkdir(parents=True)

    plan = make_plan("tiny", trials, store)
    assert [(entry.state, entry.attempts) for entry in plan.entries] == [("resumable", 1), ("new", 1), ("new", 0)]
    assert plan.entries[0].reason.startswith("SomeError: so")
    assert plan.to_run == trials


@pytest.mark.parametrize("ending", ["preempted", "stopped"])
def test_a_trial_that_was_asked_to_end_says_so_and_goes_on(trials, tmp_path, ending):
    store = Store(FolderStorage(tmp_path))
    attempt(store, trials[0], ending)

    plan = make_plan("tiny", trials, store)
    assert [entry.state for entry in plan.entries] == [ending, "new", "new"]
    assert plan.to_run == trials


def test_what_a_search_gave_up_is_finished_for_a_table_and_left_by_the_search(trials, tmp_path):
    store = Store(FolderStorage(tmp_path))
    attempt(store, trials[0], "pruned")

    table, search = (make_plan("tiny", trials, store, keeps_pruned=keeps) for keeps in (False, True))
    assert [entry.state for entry in table.entries] == ["pruned", "new", "new"]
    assert table.to_run == trials
    assert search.to_run == trials[1:]


def test_a_trial_runs_while_its_process_lives(trials, tmp_path):
    store = Store(FolderStorage(tmp_path))
    attempt(store, trials[0])
    process = last_attempt(store.storage, trials[0].key).process
    attempt(store, trials[1])
    name = f"trials/{trials[1].key}/attempts/1.json"
    document = json.loads(store.storage.read(name))
    where, _ = process.rsplit("/", 1)
    store.storage.write(name, json.dumps({**document, "process": f"{where}/1"}).encode())

    plan = make_plan("tiny", trials, store)
    assert [entry.state for entry in plan.entries] == ["running", "new", "new"]
    assert plan.entries[0].reason.startswith("step 0 on ")
    assert plan.to_run == trials


def test_a_damaged_trial_is_said_and_left_alone(trials, tmp_path):
    store = Store(FolderStorage(tmp_path))
    attempt(store, trials[0], "stopped")
    store.storage.write(f"trials/{trials[0].key}/trial.json", b"{")

    plan = make_plan("tiny", trials, store)
    assert [entry.state for entry in plan.entries] == ["damaged", "new", "new"]
    assert "trial.json" in plan.entries[0].reason
    assert plan.to_run == trials[1:]


def test_a_trial_with_a_checkpoint_continues(trials, tmp_path):
    store = Store(FolderStorage(tmp_path))
    (store.trial(trials[0].key).checkpoints / "step-00000002").mkdir(parents=True)

    assert [entry.state for entry in make_plan("tiny", trials, store).entries] == ["resumable", "new", "new"]


def test_trials_that_two_studies_share_appear_once(scaled, trials, tmp_path, data):
    copy = shutil.copy(TINY, tmp_path / "copy.yaml")
    both = trials_on_data([scaled, load_experiment(str(copy))], data)

    assert [trial.key for trial in make_plan("both", both, Store(FolderStorage(tmp_path))).to_run] == [
        trial.key for trial in trials
    ]


def test_planning_hashes_every_trial_once_however_often_the_plan_is_asked(dependent, tmp_path, monkeypatch):
    hashed = []
    monkeypatch.setattr("experiments.trial.trial_key", lambda config: hashed.append(config) or trial_key(config))
    store = Store(FolderStorage(tmp_path))

    plans = [make_plan("dependent", dependent, store) for _ in range(2)]
    assert [len(plan.to_run) for plan in plans for _ in range(8)] == [3 * len(SEEDS)] * 16
    assert len(hashed) <= 3 * len(SEEDS)


def test_what_starts_from_a_failed_trial_waits_with_it(dependent, tmp_path):
    store = Store(FolderStorage(tmp_path))
    scratch, dependents = dependent[: len(SEEDS)], dependent[len(SEEDS) :]
    attempt(store, dependents[1].parent, "failed", "diverged")

    plan = make_plan("dependent", dependent, store)
    assert plan.failed == [dependents[1].parent]
    assert plan.to_run == [*scratch, *with_parents([dependents[0], dependents[2]])]


def test_the_number_of_workers_changes_no_identity(scaled, trials, data):
    spread = trials_on_data([scaled], data, workers=2)

    assert {trial.workers for trial in spread} == {2}
    assert [trial.key for trial in spread] == [trial.key for trial in trials]


def test_other_data_make_other_trials(scaled, trials, data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    mask = next((tmp_path / "data").rglob("gt_masks/**/*.png"))
    mask.write_bytes(mask.read_bytes() + b"changed")

    assert {trial.key for trial in trials_on_data([scaled], tmp_path / "data")}.isdisjoint(
        trial.key for trial in trials
    )


def test_the_name_of_a_sweep_says_which_studies_at_which_scale():
    demo, full = load_experiment("combo/table7", "demo"), load_experiment("combo/table7")

    assert file_part([demo]) == "combo-table7-demo"
    assert file_part([full, load_experiment(str(TINY), "long")]) == "combo-table7+tiny-long"
