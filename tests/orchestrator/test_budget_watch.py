"""A run spends no more than it may (F21)."""

import time
from dataclasses import replace
from threading import Event

import pytest
from combo_command import TINY, wait_until

from experiments.expand import expand, load_study
from orchestrator.sweep.budget import Budget, BudgetWatch
from orchestrator.trial.failures import failure
from orchestrator.trial.updates import Ended, Failed, Started

HOUR = 3600.0


@pytest.fixture
def trials():
    return expand(load_study(str(TINY)))


def watched(units=1.0, on_limit=lambda: None, **limits):
    return BudgetWatch(Budget(**limits), units, on_limit)


def test_f21_the_limit_of_hours_is_told_once():
    calls = []
    with watched(hours=0.1 / HOUR, on_limit=lambda: calls.append(time.monotonic())):
        wait_until(lambda: calls, 5)
        time.sleep(1.2)

    assert len(calls) == 1


def test_f21_the_limit_of_gpu_hours_counts_what_runs_now(trials):
    reached = Event()
    with watched(units=2.0, gpu_hours=0.5 / HOUR, on_limit=reached.set) as budget:
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
