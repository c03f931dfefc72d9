"""A limit on time that is reached in mid-sweep."""

from __future__ import annotations

import re

import pytest

from tests.faults.fault_report import note
from tests.faults.invariants import check_equal
from tests.faults.watched_sweep import THREE_TRIALS, WatchedSweep

pytestmark = pytest.mark.minutes
WORKER_HOURS = 8 / 3600
"""Two trials run at once, so for four seconds."""


@pytest.fixture(scope="module")
def limited(new_combo):
    """A sweep that may not take long, what it left, and the same command without the limit."""
    sweep = WatchedSweep(new_combo(), THREE_TRIALS)
    stopped = sweep.run("--max-gpu-hours", WORKER_HOURS)
    again = sweep.run("--max-gpu-hours", WORKER_HOURS / 2)  # moments of attempts are whole seconds
    states = {state["trial"].split()[0]: state["state"] for state in sweep.states()}
    return sweep, stopped, again, states, sweep.run()


def test_f21_the_command_ends_with_a_code_of_its_own_and_says_how_to_go_on(limited):
    _, stopped, *_ = limited

    assert stopped.returncode == 3
    assert "the budget is spent; the same command continues from the checkpoints" in stopped.stdout
    assert "Traceback" not in stopped.stdout + stopped.stderr


def test_f21_a_limit_that_earlier_attempts_have_reached_starts_nothing(limited):
    _, stopped, again, *_ = limited

    assert "its trials have used 0 of" in stopped.stdout
    assert again.returncode == 3
    assert len(re.findall("its trials have used .* GPU-hours in all attempts", again.stdout)) == 2
    assert "seed 0: started" not in again.stdout


def test_f21_nothing_new_starts_and_what_runs_is_checkpointed(limited):
    sweep, _, _, states, _ = limited

    assert states == {"lambda-0": "stopped", "lambda-10": "stopped", "lambda-20": "new"}
    for variant in ("lambda-0", "lambda-10"):
        assert sweep.attempts(variant)[0].ended == "stopped"
        assert sweep.steps(variant, 2)[0] == sweep.steps(variant, 1)[-1] + 1
    note("F21", "--max-gpu-hours reached in mid-sweep", "nothing; no step repeated")


def test_f21_the_same_command_without_the_limit_ends_like_an_undisturbed_run(limited, undisturbed):
    sweep, *_, resumed = limited

    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    check_equal(sweep, undisturbed)
