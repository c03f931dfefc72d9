"""Trials that can never be placed."""

from __future__ import annotations

import time

import pytest

from tests.faults.fault_report import note
from tests.faults.watched_sweep import PAIR, WatchedSweep

LIMIT_SECONDS = 2.0


@pytest.mark.parametrize(
    "options",
    [("--cpus-per-worker", 1.5), ("--gpus-per-worker", 1), ("--cpus-per-worker", 64)],
    ids=["two workers that fit only one by one", "GPUs that are not there", "more CPUs than there are"],
)
def test_f20_infeasible_resources_are_refused_within_two_seconds_with_the_fix(new_combo, options):
    sweep = WatchedSweep(new_combo(), *PAIR)
    for _ in range(3):  # the machine may be busy
        began = time.monotonic()
        refused = sweep.run(*options)
        seconds = time.monotonic() - began
        if seconds < LIMIT_SECONDS:
            break

    assert seconds < LIMIT_SECONDS
    assert refused.returncode == 2
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert "needs 2 workers of" in line
    assert "lower --workers, --cpus-per-worker or --gpus-per-worker, or name a cluster with RAY_ADDRESS" in line
    assert not sweep.combo.storage.exists()
    assert not sweep.combo.processes()
    note("F20", " ".join(map(str, options)), "nothing; refused before anything started", seconds)
