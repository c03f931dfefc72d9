"""No trial runs twice at once: each attempt number is leased once, on any machine and with any clock (F14, F15)."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from orchestrator.trial.leases import (
    AttemptLease,
    LeaseTakenError,
    LeaseWatch,
    ask_to_stop,
    attempt_numbers,
    last_attempt,
    read_attempt,
)

KEY = "0123456789abcdef"
ATTEMPTS = f"trials/{KEY}/attempts"
LEASE_SECONDS = 0.3
RACE = """
import sys, time
from orchestrator.storage.opening import open_storage
from orchestrator.trial.leases import AttemptLease, LeaseTakenError
storage, start, key = open_storage(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
storage.names("trials")
won = []
time.sleep(max(0, start - time.monotonic()))
for number in range(1, 13):
    try:
        AttemptLease(storage, key, number, 1, "cpu")
        won.append(number)
    except LeaseTakenError:
        pass
print(*won, flush=True)
"""
HOLD = """
import sys, time
from orchestrator.storage.opening import open_storage
from orchestrator.trial.leases import AttemptLease
AttemptLease(open_storage(sys.argv[1]), sys.argv[2], 1, 1, "cpu")
print("held", flush=True)
time.sleep(60)
"""


def acquire(storage, number=1):
    return AttemptLease(storage, KEY, number, 1, "cpu")


def from_elsewhere(storage, **changes):
    """Stores attempt 1 as a process of another machine would have written it."""
    record = acquire(storage).record.model_copy(update={"host": "elsewhere", "process": "", **changes})
    storage.write(f"{ATTEMPTS}/1.json", record.model_dump_json().encode())
    return record


def python(script, *words):
    return subprocess.Popen([sys.executable, "-c", script, *map(str, words)], stdout=subprocess.PIPE, text=True)


def test_f14_of_racing_threads_exactly_one_gets_the_attempt(storage):
    racers = 8
    line = Barrier(racers)

    def race(_):
        line.wait()
        try:
            return acquire(storage.for_worker())
        except LeaseTakenError as error:
            return str(error)

    with ThreadPoolExecutor(racers) as threads:
        ends = list(threads.map(race, range(racers)))
    losers = [end for end in ends if isinstance(end, str)]
    assert losers == [f"attempt 1 of trial {KEY} is leased by another run"] * (racers - 1)
    assert attempt_numbers(storage, KEY) == [1]


def test_f14_of_racing_processes_exactly_one_gets_each_attempt(storage):
    start = time.monotonic() + 3
    racers = [python(RACE, storage, start, KEY) for _ in range(3)]
    won = [int(number) for racer in racers for number in racer.communicate(timeout=60)[0].split()]

    assert sorted(won) == list(range(1, 13))


def test_f14_a_process_of_this_machine_that_was_killed_holds_nothing_any_longer(storage):
    holder = python(HOLD, storage, KEY)
    watch = LeaseWatch(storage)
    try:
        assert holder.stdout.readline() == "held\n"
        assert watch.holder(KEY) == last_attempt(storage, KEY)
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()

    assert watch.holder(KEY) is None
    assert LeaseWatch(storage).holder(KEY) is None


def test_f14_a_beat_that_stands_still_frees_the_trial_once_the_watcher_has_seen_it_so_for_long_enough(storage):
    record = from_elsewhere(storage)
    watch = LeaseWatch(storage, LEASE_SECONDS)

    assert watch.holder(KEY) == record
    time.sleep(1.2 * LEASE_SECONDS)
    late = LeaseWatch(storage, LEASE_SECONDS)
    assert late.holder(KEY) == record  # it has seen one heartbeat only
    assert watch.holder(KEY) is None


def test_f14_time_in_which_storage_is_read_is_no_time_without_a_beat(storage):
    record = from_elsewhere(storage)
    watch = LeaseWatch(storage, LEASE_SECONDS)

    assert watch.holder_after(KEY, record) == record
    with watch.asking():
        time.sleep(1.2 * LEASE_SECONDS)
    assert watch.holder_after(KEY, record) == record
    time.sleep(1.2 * LEASE_SECONDS)
    assert watch.holder_after(KEY, record) is None


def test_f14_who_leases_a_trial_between_a_look_and_a_start_keeps_it_even_when_it_has_ended_by_then(storage):
    watch = LeaseWatch(storage)
    assert watch.holder(KEY) is None
    acquire(storage.for_worker()).end("finished")

    assert watch.next_number(KEY) == 1
    with pytest.raises(LeaseTakenError):
        acquire(storage, watch.next_number(KEY))
    assert watch.holder(KEY) is None
    assert acquire(storage, watch.next_number(KEY)).record.attempt == 2


def test_f14_an_attempt_that_beats_keeps_its_trial(storage):
    attempt = acquire(storage)
    watch = LeaseWatch(storage, LEASE_SECONDS)
    until = time.monotonic() + 3 * LEASE_SECONDS
    while time.monotonic() < until:
        attempt.progress(step=4, m_j=0.25)
        attempt.renew()
        assert watch.holder(KEY) == attempt.record
        time.sleep(LEASE_SECONDS / 10)

    assert (attempt.record.step, attempt.record.best) == (4, 0.25)


@pytest.mark.parametrize("seen", ["1970-01-01T00:00:00+00:00", "2999-12-31T23:59:59+00:00", "yesterday", ""])
def test_f15_what_a_clock_on_the_wall_has_written_neither_frees_a_trial_nor_holds_it(storage, seen):
    record = from_elsewhere(storage, started=seen, seen=seen)
    watch = LeaseWatch(storage, LEASE_SECONDS)

    assert watch.holder(KEY) == record
    time.sleep(1.2 * LEASE_SECONDS)
    assert watch.holder(KEY) is None


def test_f15_a_holder_whose_clock_jumps_back_keeps_its_trial(storage):
    first = from_elsewhere(storage, seen="2026-11-21T12:00:00+00:00")
    watch = LeaseWatch(storage, LEASE_SECONDS)
    assert watch.holder(KEY) == first
    time.sleep(1.2 * LEASE_SECONDS)
    jumped = first.model_copy(update={"beat": 1, "seen": "2026-11-21T11:00:05+00:00"})
    storage.write(f"{ATTEMPTS}/1.json", jumped.model_dump_json().encode())

    assert watch.holder(KEY) == jumped


@pytest.mark.parametrize("ending", ["finished", "failed", "preempted", "stopped", "pruned"])
def test_an_attempt_that_has_ended_frees_its_trial_at_once(storage, ending):
    attempt, watch = acquire(storage), LeaseWatch(storage)
    assert watch.holder(KEY) is not None
    attempt.end(ending, "so")

    assert watch.holder(KEY) is None
    assert (last_attempt(storage, KEY).ended, last_attempt(storage, KEY).reason) == (ending, "so")


def test_an_attempt_that_was_thought_dead_notices_the_next_one(storage):
    first = acquire(storage)
    assert not first.is_fenced()
    second = acquire(storage.for_worker(), 2)

    assert first.is_fenced()
    assert not second.is_fenced()
    assert LeaseWatch(storage).holder(KEY) == second.record


def test_a_request_to_stop_is_for_one_attempt_only(storage):
    first = acquire(storage)
    ask_to_stop(storage.for_worker(), KEY, 1)
    second = acquire(storage, 2)

    assert first.is_asked_to_stop()
    assert not second.is_asked_to_stop()
    assert attempt_numbers(storage, KEY) == [1, 2]


@pytest.mark.parametrize("content", [b"", b'{"attempt": 1', b"\xff\x00", b'{"attempt": 1, "colour": "blue"}'])
def test_a_damaged_lease_holds_nothing_back_and_is_never_acquired_again(storage, content):
    storage.write(f"{ATTEMPTS}/1.json", content)
    storage.write(f"{ATTEMPTS}/notes.json", b"{}")

    assert read_attempt(storage, KEY, 1) is None
    assert LeaseWatch(storage).holder(KEY) is None
    assert attempt_numbers(storage, KEY) == [1]
    with pytest.raises(LeaseTakenError):
        acquire(storage)
    assert acquire(storage, 2).record.attempt == 2
