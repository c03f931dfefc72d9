"""The heartbeat of an attempt, in processes of their own where it may end them."""

import subprocess
import sys
import time

import pytest
from driver import Driver

from orchestrator.storage.folder import FolderStorage
from orchestrator.trial.heartbeat import Heartbeat
from orchestrator.trial.leases import AttemptLease, LeaseTakenError, ask_to_stop, last_attempt

HANGING = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from driver import Driver
from orchestrator.storage.folder import FolderStorage
from orchestrator.trial.leases import AttemptLease
from orchestrator.trial.heartbeat import Heartbeat

def note(seconds):
    print(f"hangs for {seconds > 1.0}", flush=True)
    if sys.argv[2] == "stuck":
        time.sleep(60)
    attempt.end("failed", "it hung")

attempt = AttemptLease(FolderStorage(Path(sys.argv[1])), "hanging", 1, 1, "cpu")
with Heartbeat(attempt, Driver(), hang_seconds=1.0, on_hang=note) as heartbeat:
    if sys.argv[2] == "progressing":
        for step in range(12):
            heartbeat.progress(step)
            time.sleep(0.25)
        print("came to its end", flush=True)
        sys.exit(0)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def hanging(tmp_path_factory):
    """Trials that hang, hang so that they cannot even say so, and do not hang: exit code, words, storage, seconds."""
    started, runs = time.monotonic(), {}
    for kind in ("silent", "stuck", "progressing"):
        folder, here = tmp_path_factory.mktemp(kind), __file__.rpartition("/")[0]
        words = [sys.executable, "-c", HANGING, folder, kind, here]
        runs[kind] = subprocess.Popen(words, stdout=subprocess.PIPE, text=True), FolderStorage(folder)
    ends = {}
    for kind, (process, storage) in runs.items():
        out, _ = process.communicate(timeout=60)
        ends[kind] = process.returncode, out, storage, time.monotonic() - started
    return ends


def test_f18_a_process_that_hangs_is_ended_once_it_has_said_so(hanging):
    code, out, storage, _ = hanging["silent"]

    assert (code, out) == (1, "hangs for True\n")
    assert (last_attempt(storage, "hanging").ended, last_attempt(storage, "hanging").reason) == ("failed", "it hung")


def test_f18_a_process_that_cannot_even_say_that_it_hangs_is_ended_all_the_same(hanging):
    code, _, storage, seconds = hanging["stuck"]

    assert code == 1
    assert seconds < 50
    assert last_attempt(storage, "hanging").ended is None


def test_f18_a_process_that_makes_progress_is_left_alone(hanging):
    assert hanging["progressing"][:2] == (0, "came to its end\n")


@pytest.fixture(scope="module")
def renewed(tmp_path_factory, frequent_heartbeats):
    """Attempts of four trials, all of one process, after one heartbeat of each: the storage and their heartbeats."""
    storage = FolderStorage(tmp_path_factory.mktemp("renewed"))
    attempts = {key: AttemptLease(storage, key, 1, 1, "cpu") for key in ("living", "fenced", "asked", "requested")}
    drivers = {key: Driver(requested="preempted" if key == "requested" else None) for key in attempts}
    heartbeats = {
        key: Heartbeat(attempt, drivers[key], 60, on_hang=lambda _: None) for key, attempt in attempts.items()
    }
    for heartbeat in heartbeats.values():
        heartbeat.__enter__()
        heartbeat.progress(3, 0.25)
        heartbeat.progress(4, 0.125)
        assert not heartbeat.should_stop() or heartbeat is heartbeats["requested"]
    AttemptLease(storage, "fenced", 2, 1, "cpu")
    ask_to_stop(storage, "asked", 1)
    time.sleep(frequent_heartbeats)
    yield storage, heartbeats
    for heartbeat in heartbeats.values():
        heartbeat.__exit__(None, None, None)


def test_a_heartbeat_says_how_far_the_attempt_is(renewed):
    storage, heartbeats = renewed
    record = last_attempt(storage, "living")

    assert record.beat >= 1
    assert (record.step, record.best) == (4, 0.25)
    assert not heartbeats["living"].should_stop()


def test_f14_an_attempt_that_is_continued_elsewhere_ends_and_leaves_the_next_one_alone(renewed):
    storage, heartbeats = renewed

    with pytest.raises(LeaseTakenError, match="attempt 1 was thought dead and is continued elsewhere"):
        heartbeats["fenced"].should_stop()
    assert last_attempt(storage, "fenced").attempt == 2
    assert last_attempt(storage, "fenced").beat == 0


def test_a_request_in_storage_ends_the_attempt_as_stopped(renewed):
    _, heartbeats = renewed

    assert heartbeats["asked"].should_stop()
    assert heartbeats["asked"].stop_request == "stopped"


def test_the_drivers_stop_request_is_heard(renewed):
    _, heartbeats = renewed

    assert heartbeats["requested"].should_stop()
    assert heartbeats["requested"].stop_request == "preempted"
