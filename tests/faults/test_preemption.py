"""SIGTERM with ten seconds of grace: for a trial's process, for a worker of a group, for the driver."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest

from tests.faults.fault_report import note
from tests.faults.invariants import check_equal
from tests.faults.watched_sweep import PAIR, THREE_TRIALS, WatchedSweep, ended
from tests.orchestrator.combo_command import wait_until

pytestmark = pytest.mark.minutes
GRACE_SECONDS = 10.0


@pytest.fixture(scope="module")
def preempted(new_combo):
    """A sweep that loses the process of one trial, then its driver; then the same command again.

    No retries are granted: a preemption is free.
    """
    sweep = WatchedSweep(new_combo(), THREE_TRIALS)
    process = sweep.start("--retries", 0)
    sweep.wait_for_step("lambda-10", 1, 23)
    _preempt(sweep, "lambda-10", 1, sweep.writer("lambda-10", 1), "SIGTERM to a one-worker trial")
    sweep.wait_for_step("lambda-20", 1, 13)
    process.terminate()
    stopped = ended(process)
    states = {state["trial"].split()[0]: state["state"] for state in sweep.states()}
    return sweep, stopped, states, sweep.run("--retries", 0)


@pytest.fixture(scope="module")
def preempted_pair(new_combo):
    """A group whose second worker is told to go."""
    sweep = WatchedSweep(new_combo(), *PAIR)
    process = sweep.start("--retries", 0)
    sweep.wait_for_step("pair", 1, 13)
    _preempt(sweep, "pair", 1, sweep.other_worker("pair", 1), "SIGTERM to rank 1 of two workers")
    return sweep, ended(process)


def test_f16_a_preempted_trial_writes_a_checkpoint_and_repeats_no_step(preempted, preempted_pair):
    for sweep, variant in ((preempted[0], "lambda-10"), (preempted_pair[0], "pair")):
        assert sweep.attempts(variant)[0].ended == "preempted"
        assert sweep.steps(variant, 2)[0] == sweep.steps(variant, 1)[-1] + 1


def test_f16_a_preempted_trial_goes_on_in_the_same_run_though_no_retries_are_granted(preempted, preempted_pair):
    sweep, run = preempted_pair

    assert run.returncode == 0, run.stdout + run.stderr
    assert [record.ended for record in sweep.attempts("pair")] == ["preempted", "finished"]
    assert len(preempted[0].attempts("lambda-10")) >= 2


def test_f16_a_preempted_driver_leaves_its_trials_preempted_and_says_how_to_go_on(preempted):
    sweep, stopped, states, _ = preempted

    assert stopped.returncode == 130
    assert "interrupted; the same command continues from the checkpoints" in stopped.stdout
    assert states["lambda-20"] == "preempted"
    assert "Traceback" not in stopped.stdout + stopped.stderr
    assert sweep.attempts("lambda-20")[0].ended == "preempted"


def test_f16_the_same_command_finishes_with_the_weights_and_tables_of_an_undisturbed_run(
    preempted, preempted_pair, undisturbed, undisturbed_pair
):
    sweep, _, _, resumed = preempted

    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    check_equal(sweep, undisturbed)
    check_equal(preempted_pair[0], undisturbed_pair)


def _preempt(sweep, variant, attempt, pid, injected):
    """What preempts machines does: SIGTERM, and SIGKILL to whatever still lives after the grace."""
    began = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    with suppress(AssertionError):
        wait_until(lambda: not _lives(pid), GRACE_SECONDS)
    ending = sweep.attempts(variant)[attempt - 1].ended
    if _lives(pid):
        os.kill(pid, signal.SIGKILL)
    assert ending == "preempted", "no checkpoint within the grace"
    sweep.wait_for_step(variant, attempt + 1, 1)
    begin, left = sweep.steps(variant, attempt + 1)[0], sweep.steps(variant, attempt)[-1]
    note("F16", injected, f"{left + 1 - begin} steps repeated", time.monotonic() - began)


def _lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
