"""A run spends no more than it may (F21)."""

import time
from dataclasses import replace
from threading import Event

import pytest
from combo_command import TINY, wait_until

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.records import AttemptRecord
from orchestrator.run_config import RunConfig
from orchestrator.sweep.budget import BudgetWatch, worker_hours
from orchestrator.trial.failures import failure
from orchestrator.trial.updates import Ended, Failed, Started

HOUR = 3600.0


@pytest.fixture
def trials():
    return expand(load_experiment(str(TINY)))


def watched(units=1.0, before=0.0, on_limit=lambda: None, **limits):
    return BudgetWatch(RunConfig(**limits), units, before, on_limit)


def attempt(minutes, workers):
    times = {"started": "2026-11-21T12:00:00+00:00", "seen": f"2026-11-21T12:{minutes:02}:00+00:00"}
    return AttemptRecord(attempt=1, host="here", process="", workers=workers, device="cpu", **times)


def test_earlier_attempts_count_with_all_their_workers_and_a_spent_budget_is_known_before_anything_starts():
    before = worker_hours([attempt(30, 2), attempt(15, 1), attempt(1, 1).model_copy(update={"seen": "no moment"})])
    budget = watched(units=2.0, before=before, max_gpu_hours=2.5)

    assert before == pytest.approx(1.25)
    assert budget.is_spent
    assert budget.told() == "its trials have used 2.5 of 2.5 GPU-hours in all attempts"
    assert not watched(before=before, max_gpu_hours=2.5).is_spent
    assert watched(before=before).told() == ""


def test_f21_the_limit_of_hours_is_told_once():
    calls = []
    with watched(max_hours=0.1 / HOUR, on_limit=lambda: calls.append(time.monotonic())):
        wait_until(lambda: calls, 5)
        time.sleep(1.2)

    assert len(calls) == 1


def test_f21_the_limit_of_gpu_hours_counts_what_runs_now(trials):
    reached = Event()
    with watched(units=2.0, max_gpu_hours=0.5 / HOUR, on_limit=reached.set) as budget:
        assert not reached.wait(1.0)  # nothing runs yet
        budget.on_update(Started(trials[0], 1, 0))
        assert reached.wait(5)


def test_no_limit_is_never_reached(trials):
    reached = Event()
    with watched(on_limit=reached.set) as budget:
        budget.on_update(Started(trials[0], 1, 0))
        assert not reached.wait(1.2)


def test_gpu_hours_are_those_of_all_workers_from_the_start_to_the_end_of_each_attempt(trials):
    budget = watched(units=0.5)
    single, group = trials[0], replace(trials[1], workers=4)
    began = time.monotonic()
    for trial in (single, group):
        budget.on_update(Started(trial, 1, 0))
    time.sleep(0.4)
    budget.on_update(Failed(single.key, failure(1, "worker-died", "SomeError", ""), again=True))
    budget.on_update(Ended(group.key, "stopped"))
    spent = time.monotonic() - began
    time.sleep(0.2)

    assert budget.gpu_hours * HOUR == pytest.approx(0.5 * (1 + 4) * spent, rel=0.2)
    before = budget.gpu_hours
    budget.on_update(Ended(group.key, "stopped"))  # told twice, spent once
    assert budget.gpu_hours == before
    budget.on_update(Started(single, 2, 0))
    time.sleep(0.1)
    assert budget.gpu_hours > before
