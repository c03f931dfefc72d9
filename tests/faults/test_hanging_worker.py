"""A worker that stands still in the middle of training: its partner waits for it in a collective, forever."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.faults.fault_report import note
from tests.faults.invariants import check_equal
from tests.faults.watched_sweep import PAIR, WatchedSweep, ended
from tests.orchestrator.combo_command import wait_until

pytestmark = pytest.mark.minutes
HANG_SECONDS = 15


@pytest.fixture(scope="module")
def hung(new_combo):
    """A group whose second worker stands still, and after that its first one; seconds until each attempt was ended."""
    sweep = WatchedSweep(new_combo(), *PAIR)
    process = sweep.start("--hang-after", HANG_SECONDS)
    sweep.wait_for_step("pair", 1, 13)
    seconds = [_stand_still(sweep, 1, sweep.other_worker("pair", 1), "SIGSTOP of rank 1 of two workers")]
    sweep.wait_for_step("pair", 2, 33)
    seconds.append(_stand_still(sweep, 2, sweep.writer("pair", 2), "SIGSTOP of rank 0 of two workers"))
    return sweep, seconds, ended(process)


def test_f18_a_hang_is_noticed_within_twice_the_limit_and_named(hung):
    sweep, seconds, _ = hung

    assert max(seconds) < 2 * HANG_SECONDS
    first, second, _ = sweep.attempts("pair")
    assert (first.ended, second.ended) == ("failed", "failed")
    assert first.reason.startswith("Hang: no step and no validation for")
    assert "its process lives and does not answer; --hang-after sets the limit" in second.reason


def test_f18_the_trial_goes_on_from_its_checkpoint_to_the_result_of_an_undisturbed_run(hung, undisturbed_pair):
    sweep, _, run = hung

    assert run.returncode == 0, run.stdout + run.stderr
    assert sweep.steps("pair", 3)[0] > sweep.steps("pair", 2)[0] > 1
    check_equal(sweep, undisturbed_pair)


def test_f18_no_process_that_stood_still_is_left(hung):
    sweep, *_ = hung

    wait_until(lambda: not sweep.combo.processes(), 15)


def _stand_still(sweep, attempt, pid, injected):
    began = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: sweep.attempts("pair")[attempt - 1].ended, 10 * HANG_SECONDS)
    noticed = time.monotonic() - began
    sweep.wait_for_step("pair", attempt + 1, 1)
    begin, left = sweep.steps("pair", attempt + 1)[0], sweep.steps("pair", attempt)[-1]
    lost = f"{left + 1 - begin} steps repeated; noticed after {noticed:.0f} s with --hang-after {HANG_SECONDS}"
    note("F18", injected, lost, time.monotonic() - began)
    return noticed
