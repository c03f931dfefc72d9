"""Ray's own process on the driver's machine dies in mid-sweep."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from tests.faults.fault_report import note
from tests.faults.invariants import check_storage
from tests.faults.watched_sweep import THREE_TRIALS, WatchedSweep, ended, kill

pytestmark = pytest.mark.minutes


@pytest.fixture(scope="module")
def without_raylet(new_combo, tmp_path_factory):
    """A sweep whose raylet is killed, what the command said, what it left in the temporary folder; then it again."""
    temporary = Path("/tmp", tmp_path_factory.mktemp("t").name)
    temporary.mkdir(exist_ok=True)
    combo = new_combo(TMPDIR=str(temporary))
    sweep = WatchedSweep(combo, THREE_TRIALS)
    process = sweep.start()
    sweep.wait_for_step("lambda-10", 1, 23)
    (raylet,) = (pid for pid in combo.processes() if psutil.Process(pid).name() == "raylet")
    kill(raylet)
    began = time.monotonic()
    run = ended(process)
    note("F24", "kill -9 of the raylet", "steps since the last checkpoint; exit code 6", time.monotonic() - began)
    return sweep, run, list(temporary.glob("[cp][oy]m*-*")), sweep.run()


def test_f24_the_command_says_so_in_one_sentence_with_a_code_of_its_own(without_raylet):
    _, run, left, _ = without_raylet

    assert run.returncode == 6
    told = "Ray's processes on this machine died; the same command continues from the checkpoints"
    assert run.stdout.splitlines()[-1] == told
    assert "raylet" not in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert left == []


def test_f24_the_same_command_continues(without_raylet):
    sweep, *_, again = without_raylet

    assert again.returncode == 0, again.stdout + again.stderr
    assert sweep.steps("lambda-10", 2)[0] > 1
    check_storage(sweep)
