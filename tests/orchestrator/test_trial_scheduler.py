"""What a sweep does next, without Ray: order, leases of other runs, retries, limits, searches."""

import time
from pathlib import Path

import pytest
from combo_command import TINY

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.trial import with_parents
from orchestrator.search.study import SearchStudy
from orchestrator.search.trial_suggester import SearchSuggester
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.sweep.trial_scheduler import TrialScheduler
from orchestrator.trial.failures import FREE_LIMIT, failure
from orchestrator.trial.leases import AttemptLease, LeaseWatch
from tests.search.search_files import FINGERPRINT, Workshop, load, search_content

DEPENDENT = Path(__file__).parent / "dependent.yaml"
MANY = 100
LOOK_EVERY = 0.3
"""Seconds between two looks at storage; in a sweep they are longer."""


@pytest.fixture(autouse=True)
def frequent_looks(monkeypatch):
    monkeypatch.setattr("orchestrator.sweep.trial_scheduler.LOOK_EVERY", LOOK_EVERY)


@pytest.fixture
def workshop(tmp_path):
    """A storage, and hands that leave trial directories in it."""
    return Workshop(tmp_path / "storage")


@pytest.fixture
def scheduler(workshop):
    """Makes a scheduler over that storage."""

    def make(trials, retries=3, lease_seconds=60.0, **options):
        watch = LeaseWatch(workshop.storage, lease_seconds)
        return TrialScheduler(trials, Store(workshop.storage), watch, retries, **options)

    return make


@pytest.fixture
def trials():
    return [trial.on_data(FINGERPRINT) for trial in expand(load_experiment(str(TINY), "group"))]


@pytest.fixture
def search(workshop, tmp_path):
    """Four points by TPE, with early stopping."""
    content = search_content(trials=4, early_stopping={"scheduler": "asha", "grace_evaluations": 1})
    return SearchStudy(load(tmp_path, content), workshop.storage)


def finish(scheduler, workshop, trial):
    workshop.finish(trial, 0.5)
    scheduler.finished(trial.key)


def fail(scheduler, trial, category):
    return scheduler.failed(trial.key, failure(1, category, "SomeError", "so"))


def awaited(scheduler, workers=1, most=MANY):
    """The next trial as soon as there is one; the scheduler looks at storage at intervals."""
    end = time.monotonic() + 4.0
    while time.monotonic() < end:
        if (trial := scheduler.next(workers, most)) is not None:
            return trial
        time.sleep(0.05)
    return None


def test_trials_start_in_their_order_shape_by_shape(scheduler, trials):
    sweep = scheduler(trials)

    assert sweep.worker_counts() == [1, 2]
    assert [sweep.next(1, MANY), sweep.next(1, MANY), sweep.next(1, MANY)] == [*trials[:2], None]
    assert sweep.worker_counts() == [2]
    assert sweep.next(2, MANY) == trials[2]
    assert sweep.worker_counts() == []
    assert sweep.running() == trials


def test_f7_no_more_run_at_once_than_may_whatever_is_tried_again(scheduler, workshop, trials):
    sweep = scheduler(trials[:2], retries=1)
    first = sweep.next(1, 1)
    assert sweep.next(1, 1) is None
    assert fail(sweep, first, "worker-died")
    assert sweep.next(1, 1) == trials[1]
    time.sleep(LOOK_EVERY)

    assert sweep.next(1, 1) is None
    finish(sweep, workshop, trials[1])
    assert sweep.next(1, 1) == first
    assert sweep.running() == [first]


@pytest.mark.parametrize("category", ["diverged", "out-of-memory", "import-error", "exception"])
def test_f17_what_is_a_trials_own_fault_is_not_tried_again(scheduler, trials, category):
    sweep = scheduler(trials[:1])

    assert fail(sweep, sweep.next(1, MANY), category) is False
    assert sweep.worker_counts() == []
    assert sweep.entries[trials[0].key].state == "failed"


@pytest.mark.parametrize("category", ["worker-died", "hung", "storage"])
@pytest.mark.parametrize("retries", [0, 2])
def test_a_process_that_dies_or_hangs_or_loses_its_storage_costs_a_retry(scheduler, trials, category, retries):
    sweep = scheduler(trials[:1], retries)
    sweep.next(1, MANY)

    assert [fail(sweep, trials[0], category) for _ in range(retries + 1)] == [True] * retries + [False]
    assert sweep.worker_counts() == []


@pytest.mark.parametrize("category", ["node-lost", "preempted"])
def test_f6_a_machine_that_goes_costs_none_but_not_for_ever(scheduler, trials, category):
    sweep = scheduler(trials[:1], retries=0)
    sweep.next(1, MANY)

    assert [fail(sweep, trials[0], category) for _ in range(FREE_LIMIT + 1)] == [True] * FREE_LIMIT + [False]


def test_f6_lost_machines_leave_the_retries_for_what_counts(scheduler, trials):
    sweep = scheduler(trials[:1], retries=1)
    sweep.next(1, MANY)

    assert [fail(sweep, trials[0], category) for category in ("node-lost", "worker-died", "preempted", "hung")] == [
        True,
        True,
        True,
        False,
    ]


def test_f8_a_full_disk_pauses_the_sweep(scheduler, trials):
    sweep = scheduler(trials)
    fail(sweep, sweep.next(1, MANY), "disk-full")

    assert sweep.stop_reason == "disk-full"
    assert sweep.worker_counts() == []
    assert sweep.next(1, MANY) is None


def test_once_it_shall_stop_nothing_starts_and_nothing_is_tried_again(scheduler, trials):
    sweep = scheduler(trials)
    running = sweep.next(1, MANY)
    sweep.stop("interrupted")
    sweep.stop("budget")

    assert sweep.stop_reason == "interrupted"
    assert fail(sweep, running, "preempted") is False
    assert (sweep.next(1, MANY), sweep.worker_counts()) == (None, [])


def test_f21_a_run_starts_no_more_trials_than_it_may(scheduler, workshop, trials):
    sweep = scheduler(trials, most_trials=1)
    finish(sweep, workshop, sweep.next(1, MANY))

    assert sweep.next(1, MANY) is None
    assert sweep.worker_counts() == []
    assert sweep.stop_reason == "budget"


def test_f21_what_a_run_has_started_gets_its_retries_though_no_other_trial_may_start(scheduler, trials):
    sweep = scheduler(trials, most_trials=1)
    started = sweep.next(1, MANY)
    sweep.failed(started.key, failure(1, "worker-died", "ActorDiedError", ""))

    assert awaited(sweep) == started
    assert sweep.stop_reason is None


def test_a_dependent_waits_for_its_parent_and_starts_after_it(scheduler, workshop):
    trials = list(with_parents(expand(load_experiment(str(DEPENDENT)))))
    scratch, parent, dependent = trials
    sweep = scheduler(trials)

    assert [sweep.next(1, MANY) for _ in trials] == [scratch, parent, None]
    assert sweep.worker_counts() == [1]
    finish(sweep, workshop, parent)
    assert awaited(sweep) == dependent


@pytest.mark.parametrize("end", ["failed", "stopped", "pruned"])
def test_a_dependent_of_a_parent_without_a_result_does_not_start(scheduler, end):
    _, parent, dependent = with_parents(expand(load_experiment(str(DEPENDENT))))
    sweep = scheduler([parent, dependent])
    sweep.next(1, MANY)
    if end == "failed":
        fail(sweep, parent, "diverged")
    else:
        getattr(sweep, end)(parent.key)

    assert sweep.worker_counts() == []
    assert sweep.entries[dependent.key].state == "stopped"


def test_f14_what_another_run_has_is_waited_for_and_its_result_reused(scheduler, workshop, trials):
    held, free = trials[:2]
    theirs = AttemptLease(workshop.storage, held.key, 1, 1, "cpu")
    sweep = scheduler([held, free])

    assert [sweep.next(1, MANY) for _ in range(2)] == [free, None]
    assert sweep.entries[held.key].held_by == f"{theirs.record.host}, attempt 1"
    assert sweep.worker_counts() == [1]
    workshop.finish(held, 0.5)
    theirs.end("finished")
    finish(sweep, workshop, free)
    assert awaited(sweep) is None
    assert sweep.entries[held.key].state == "finished"
    assert sweep.worker_counts() == []


def test_f14_what_another_run_gave_up_or_lost_is_taken_over(scheduler, workshop, trials):
    given_up, lost = trials[:2]
    theirs = AttemptLease(workshop.storage, given_up.key, 1, 1, "cpu")
    AttemptLease(workshop.storage, lost.key, 1, 1, "cpu")
    sweep = scheduler([given_up, lost], lease_seconds=LOOK_EVERY / 2)
    assert sweep.next(1, MANY) is None
    theirs.end("stopped")

    assert awaited(sweep) == given_up
    assert awaited(sweep) == lost
    assert [sweep.attempt(trial.key) for trial in (given_up, lost)] == [2, 2]


def test_f14_a_trial_that_another_run_leased_first_is_waited_for(scheduler, trials):
    sweep = scheduler(trials[:1])
    sweep.taken(sweep.next(1, MANY).key)

    assert sweep.running() == []
    assert sweep.next(1, MANY) is None
    assert sweep.worker_counts() == [1]
    assert awaited(sweep) == trials[0]


def test_a_search_proposes_until_it_is_complete(scheduler, workshop, search, tmp_path):
    sweep = scheduler([], suggester=SearchSuggester(search, FolderStorage(tmp_path / "storage")))
    ran = []
    while (trial := sweep.next(1, MANY)) is not None:
        finish(sweep, workshop, trial)
        ran.append(trial.key)

    assert len(set(ran)) == 4
    assert sweep.worker_counts() == []
    assert [point.outcome.state for point in search.points] == ["finished"] * 4


def test_a_search_keeps_to_the_limit_of_trials_at_once_and_hears_how_each_ended(scheduler, workshop, search):
    sweep = scheduler([], suggester=SearchSuggester(search, workshop.storage))
    pruned, failed = sweep.next(1, 2), sweep.next(1, 2)

    assert sweep.next(1, 2) is None
    workshop.prune(pruned, {50: 0.25})
    sweep.pruned(pruned.key)
    workshop.fail(failed, "diverged")
    assert fail(sweep, failed, "diverged") is False
    assert [point.outcome.state for point in search.points] == ["pruned", "failed"]
    assert sweep.next(1, 2).key not in (pruned.key, failed.key)


def test_a_search_leaves_trials_of_other_shapes_alone(scheduler, search, workshop):
    assert scheduler([], suggester=SearchSuggester(search, workshop.storage)).next(2, MANY) is None
