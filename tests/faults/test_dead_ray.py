"""One of Ray's own processes on the driver's machine dies in mid-sweep."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from tests.faults.fault_report import note
from tests.faults.invariants import check_storage
from tests.faults.watched_sweep import THREE_TRIALS, WatchedSweep, ended, kill

pytestmark = pytest.mark.minutes

LONGEST_NAME = 15
"""Characters that Linux keeps of a process's name."""


@pytest.fixture(scope="module", params=["raylet", "gcs_server", "ray::RuntimeEnvAgent"])
def bereft(request, new_combo):
    """A sweep whose Ray is killed, what the command said, what it left in the temporary folder; then it again."""
    temporary = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))  # the paths of Ray's sockets must be short
    combo = new_combo(TMPDIR=str(temporary))
    sweep = WatchedSweep(combo, THREE_TRIALS)
    process = sweep.start()
    sweep.wait_for_step("lambda-10", 1, 23)
    (raylet,) = (pid for pid in combo.processes() if psutil.Process(pid).name() == "raylet")
    beside = [*psutil.Process(raylet).children(), *psutil.Process(process.pid).children()]
    (victim,) = (one.pid for one in beside if one.name()[:LONGEST_NAME] == request.param[:LONGEST_NAME])
    kill(victim)
    began = time.monotonic()
    run = ended(process)
    note("F24", f"kill -9 of {request.param}", "steps since the last checkpoint; exit code 6", time.monotonic() - began)
    yield sweep, run, list(temporary.glob("[cp][oy]m*-*")), sweep.run()
    shutil.rmtree(temporary)


def test_f24_the_command_says_so_in_one_sentence_with_a_code_of_its_own(bereft):
    _, run, left, _ = bereft

    assert run.returncode == 6
    told = "Ray's processes on this machine died; the same command continues from the checkpoints"
    assert run.stdout.splitlines()[-1] == told
    assert "raylet" not in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert left == []


def test_f24_the_same_command_continues(bereft):
    sweep, *_, again = bereft

    assert again.returncode == 0, again.stdout + again.stderr
    assert sweep.steps("lambda-10", 2)[0] > 1
    check_storage(sweep)
