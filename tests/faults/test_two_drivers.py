"""Two commands at once whose sweeps share trials."""

from __future__ import annotations

import pytest

from experiments.load_experiment import load_experiment
from orchestrator.planning.plan import trials_on_data
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.sweep.trial_scheduler import TrialScheduler
from orchestrator.trial.leases import AttemptLease, LeaseTakenError, LeaseWatch
from tests.faults.fault_report import note
from tests.faults.invariants import check_equal, check_storage
from tests.faults.watched_sweep import FOLDER, THREE_TRIALS, WatchedSweep, ended


@pytest.fixture(scope="module")
def overlapping(new_combo):
    """A sweep of three trials beside one of the same three and another; and what both commands said."""
    combo = new_combo()
    three, four = WatchedSweep(combo, THREE_TRIALS), WatchedSweep(combo, THREE_TRIALS, FOLDER / "group.yaml")
    processes = [three.start(), four.start()]
    return three, four, [ended(process) for process in processes]


def test_f14_two_runs_that_see_a_trial_free_at_the_same_moment_can_lease_only_one_attempt_of_it(tmp_path, data):
    storage = FolderStorage(tmp_path)
    trials = trials_on_data([load_experiment(str(THREE_TRIALS))], data)
    one, other = (TrialScheduler(trials, Store(storage), LeaseWatch(storage), retries=3) for _ in range(2))
    first, second = one.next(workers=1, most=2), other.next(workers=1, most=2)
    assert first is not None
    assert first == second

    AttemptLease(storage, first.key, one.attempt(first.key), 1, "cpu")
    with pytest.raises(LeaseTakenError):
        AttemptLease(storage, first.key, other.attempt(first.key), 1, "cpu")


@pytest.mark.minutes
def test_f14_no_trial_runs_twice_when_two_sweeps_overlap(overlapping):
    _, four, runs = overlapping

    assert [run.returncode for run in runs] == [0, 0], [run.stdout + run.stderr for run in runs]
    assert {variant: len(four.attempts(variant)) for variant in four.keys} == dict.fromkeys(four.keys, 1)
    check_storage(four)
    note("F14", "two drivers with three trials in common", "nothing; every trial ran once")


@pytest.mark.minutes
def test_f14_each_sweep_ends_with_all_of_its_trials_whoever_ran_them(overlapping, undisturbed):
    three, _, (of_three, of_four) = overlapping

    assert "3 of 3 trials finished" in of_three.stdout
    assert "4 of 4 trials finished" in of_four.stdout
    check_equal(three, undisturbed)
