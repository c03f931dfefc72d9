"""Many failed trials get another attempt, but never more at once than allowed."""

from __future__ import annotations

import json

import pytest

from tests.faults.fault_report import note
from tests.faults.watched_sweep import END_SECONDS, FOLDER, WatchedSweep, ended
from tests.orchestrator.combo_command import wait_until

pytestmark = pytest.mark.minutes
TWENTY = FOLDER / "twenty.yaml"
MOST = 2


def test_f7_twenty_failed_trials_are_retried_two_at_a_time(new_combo):
    sweep = WatchedSweep(new_combo(), TWENTY)
    places = ("--cpus-per-worker", 0.5)  # four of them, so that only the limit can hold trials back
    first = sweep.run(*places)
    assert first.returncode == 1, first.stdout + first.stderr
    assert "0 of 20 trials finished" in first.stdout

    process = sweep.start(*places, "--max-concurrent", MOST, verb="retry")
    at_once: set[int] = set()
    wait_until(lambda: at_once.add(len(_alive(sweep))) or process.poll() is not None, END_SECONDS)
    retried = ended(process)

    assert retried.returncode == 1
    assert "20 failed trials get another attempt" in retried.stdout
    assert max(at_once) == MOST
    assert [len(list((folder / "attempts").glob("*.json"))) for folder in _folders(sweep)] == [2] * 20
    note("F7", "20 failed trials, retried with --max-concurrent 2", f"nothing; at most {max(at_once)} ran at once")


def _folders(sweep):
    return sorted((sweep.combo.storage / "trials").iterdir())


def _alive(sweep):
    """Attempts that have not ended."""
    records = [record for folder in _folders(sweep) for record in (folder / "attempts").glob("[!.]*.json")]
    return [record for record in records if json.loads(record.read_text())["ended"] is None]
