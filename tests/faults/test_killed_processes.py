"""kill -9 for trial processes, for either worker of a group, and for the driver."""

from __future__ import annotations

import signal
import time

import pytest

from tests.faults.fault_report import note
from tests.faults.invariants import check_equal
from tests.faults.watched_sweep import CHECKPOINT_EVERY, PAIR, THREE_TRIALS, WatchedSweep, ended, kill

pytestmark = pytest.mark.minutes


@pytest.fixture(scope="module")
def killed_trial(new_combo):
    """A sweep of which one trial's process is killed; and what the command said."""
    sweep = WatchedSweep(new_combo(), THREE_TRIALS)
    process = sweep.start()
    sweep.wait_for_step("lambda-10", 1, 23)
    kill(sweep.writer("lambda-10", 1))
    seconds = sweep.recovered_after("lambda-10", 2)
    run = ended(process)
    _note("F1", "kill -9 of a one-worker trial", sweep, "lambda-10", 1, seconds)
    return sweep, run


@pytest.fixture(scope="module")
def killed_workers(new_combo):
    """A group that loses its second worker, then, in the next attempt, its first one."""
    sweep = WatchedSweep(new_combo(), *PAIR)
    process = sweep.start()
    sweep.wait_for_step("pair", 1, 13)
    kill(sweep.other_worker("pair", 1))
    seconds = sweep.recovered_after("pair", 2)
    _note("F1", "kill -9 of rank 1 of two workers", sweep, "pair", 1, seconds)
    sweep.wait_for_step("pair", 2, 33)
    kill(sweep.writer("pair", 2))
    seconds = sweep.recovered_after("pair", 3)
    _note("F1", "kill -9 of rank 0 of two workers", sweep, "pair", 2, seconds)
    return sweep, ended(process)


@pytest.fixture(scope="module")
def killed_driver(new_combo):
    """A sweep whose driver is killed when one trial has finished, then the same command again."""
    sweep = WatchedSweep(new_combo(), THREE_TRIALS)
    process = sweep.start()
    sweep.wait_for_step("lambda-20", 1, 13)
    before = _results(sweep)
    kill(process.pid)
    ended(process)
    began = time.monotonic()
    process = sweep.start()
    sweep.recovered_after("lambda-20", 2)
    note("F2", "kill -9 of the driver", _repeated(sweep, "lambda-20", 1), time.monotonic() - began)
    return sweep, ended(process), before


def test_f1_a_trial_whose_process_is_killed_goes_on_in_the_same_run(killed_trial):
    sweep, run = killed_trial

    assert run.returncode == 0, run.stdout + run.stderr
    assert [(record.ended, record.reason.split(":")[0]) for record in sweep.attempts("lambda-10")] == [
        ("failed", "WorkerCrashedError"),
        ("finished", ""),
    ]
    assert [len(sweep.attempts(other)) for other in ("lambda-0", "lambda-20")] == [1, 1]
    assert "Traceback" not in run.stdout + run.stderr


def test_f1_a_group_goes_on_whichever_of_its_workers_is_killed(killed_workers):
    sweep, run = killed_workers

    assert run.returncode == 0, run.stdout + run.stderr
    assert [record.ended for record in sweep.attempts("pair")] == ["failed", "failed", "finished"]
    assert "Traceback" not in run.stdout + run.stderr


def test_f1_no_more_steps_are_repeated_than_lie_between_checkpoints(killed_trial, killed_workers):
    for (sweep, _), variant in ((killed_trial, "lambda-10"), (killed_workers, "pair")):
        for attempt in range(2, len(sweep.attempts(variant)) + 1):
            begin, left = sweep.steps(variant, attempt)[0], sweep.steps(variant, attempt - 1)[-1]
            assert 0 <= left + 1 - begin <= CHECKPOINT_EVERY
            assert begin > 1


def test_f1_weights_and_tables_equal_those_of_an_undisturbed_run(
    killed_trial, killed_workers, undisturbed, undisturbed_pair
):
    check_equal(killed_trial[0], undisturbed)
    check_equal(killed_workers[0], undisturbed_pair)


def test_f2_the_same_command_continues_a_sweep_whose_driver_was_killed(killed_driver):
    sweep, run, _ = killed_driver

    assert run.returncode == 0, run.stdout + run.stderr
    assert sweep.steps("lambda-20", 2)[0] > CHECKPOINT_EVERY
    assert [record.ended for record in sweep.attempts("lambda-20")][-1] == "finished"


def test_f2_what_was_finished_when_the_driver_was_killed_does_not_run_again(killed_driver):
    sweep, _, before = killed_driver

    assert before
    assert before.items() <= _results(sweep).items()
    assert all(len(sweep.attempts(variant)) == 1 for variant in before)


def test_f2_tables_equal_those_of_a_run_whose_driver_lived(killed_driver, undisturbed):
    check_equal(killed_driver[0], undisturbed)


def test_f2_a_killed_driver_leaves_no_process_behind(killed_driver):
    sweep, run, _ = killed_driver

    assert run.returncode != -signal.SIGKILL
    assert not sweep.combo.processes()


def _results(sweep):
    """When each result was written, by variant."""
    paths = {variant: sweep.trial(variant).path / "result.json" for variant in sweep.keys}
    return {variant: path.stat().st_mtime_ns for variant, path in paths.items() if path.exists()}


def _note(case, injected, sweep, variant, attempt, seconds):
    note(case, injected, _repeated(sweep, variant, attempt), seconds)


def _repeated(sweep, variant, attempt):
    begin, left = sweep.steps(variant, attempt + 1)[0], sweep.steps(variant, attempt)[-1]
    return f"{left + 1 - begin} steps repeated"
