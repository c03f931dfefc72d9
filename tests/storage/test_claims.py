"""No trial runs twice at once: attempts are claimed once, wherever, and whatever the clocks say (F14, F15)."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from orchestrator.trial.attempts import (
    Attempt,
    AttemptTakenError,
    AttemptWatch,
    ask_to_stop,
    attempt_numbers,
    last_attempt,
    read_attempt,
)

KEY = "0123456789abcdef"
ATTEMPTS = f"trials/{KEY}/attempts"
PATIENCE = 0.3
RACE = """
import sys, time
from orchestrator.storage.opening import open_storage
from orchestrator.trial.attempts import Attempt, AttemptTakenError
storage, start, key = open_storage(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
storage.names("trials")
won = []
time.sleep(max(0, start - time.monotonic()))
for number in range(1, 13):
    try:
        Attempt(storage, key, number, 1, "cpu")
        won.append(number)
    except AttemptTakenError:
        pass
print(*won, flush=True)
"""
HOLD = """
import sys, time
from orchestrator.storage.opening import open_storage
from orchestrator.trial.attempts import Attempt
Attempt(open_storage(sys.argv[1]), sys.argv[2], 1, 1, "cpu")
print("held", flush=True)
time.sleep(60)
"""


def claim(storage, number=1):
    return Attempt(storage, KEY, number, 1, "cpu")


def from_elsewhere(storage, **changes):
    """Stores attempt 1 as a process of another machine would have written it."""
    record = claim(storage).record.model_copy(update={"host": "elsewhere", "process": "", **changes})
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
            return claim(storage.for_worker())
        except AttemptTakenError as error:
            return str(error)

    with ThreadPoolExecutor(racers) as threads:
        ends = list(threads.map(race, range(racers)))
    losers = [end for end in ends if isinstance(end, str)]
    assert losers == [f"attempt 1 of trial {KEY} is claimed by another run"] * (racers - 1)
    assert attempt_numbers(storage, KEY) == [1]


def test_f14_of_racing_processes_exactly_one_gets_each_attempt(storage):
    start = time.monotonic() + 3
    racers = [python(RACE, storage, start, KEY) for _ in range(3)]
    won = [int(number) for racer in racers for number in racer.communicate(timeout=60)[0].split()]

    assert sorted(won) == list(range(1, 13))


def test_f14_a_process_of_this_machine_that_was_killed_holds_nothing_any_longer(storage):
    holder = python(HOLD, storage, KEY)
    watch = AttemptWatch(storage)
    try:
        assert holder.stdout.readline() == "held\n"
        assert watch.holder(KEY) == last_attempt(storage, KEY)
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()

    assert watch.holder(KEY) is None
    assert AttemptWatch(storage).holder(KEY) is None


def test_f14_a_beat_that_stands_still_frees_the_trial_once_the_watcher_has_seen_it_so_for_long_enough(storage):
    record = from_elsewhere(storage)
    watch = AttemptWatch(storage, PATIENCE)

    assert watch.holder(KEY) == record
    time.sleep(1.2 * PATIENCE)
    late = AttemptWatch(storage, PATIENCE)
    assert late.holder(KEY) == record  # it has seen the beat only once
    assert watch.holder(KEY) is None


def test_f14_who_claims_a_trial_between_a_look_and_a_start_keeps_it_even_when_it_has_ended_by_then(storage):
    watch = AttemptWatch(storage)
    assert watch.holder(KEY) is None
    claim(storage.for_worker()).end("finished")

    assert watch.next_number(KEY) == 1
    with pytest.raises(AttemptTakenError):
        claim(storage, watch.next_number(KEY))
    assert watch.holder(KEY) is None
    assert claim(storage, watch.next_number(KEY)).record.attempt == 2


def test_f14_an_attempt_that_beats_keeps_its_trial(storage):
    attempt = claim(storage)
    watch = AttemptWatch(storage, PATIENCE)
    until = time.monotonic() + 3 * PATIENCE
    while time.monotonic() < until:
        attempt.progress(step=4, m_j=0.25)
        attempt.renew()
        assert watch.holder(KEY) == attempt.record
        time.sleep(PATIENCE / 10)

    assert (attempt.record.step, attempt.record.best) == (4, 0.25)


@pytest.mark.parametrize("seen", ["1970-01-01T00:00:00+00:00", "2999-12-31T23:59:59+00:00", "yesterday", ""])
def test_f15_what_a_clock_on_the_wall_has_written_neither_frees_a_trial_nor_holds_it(storage, seen):
    record = from_elsewhere(storage, started=seen, seen=seen)
    watch = AttemptWatch(storage, PATIENCE)

    assert watch.holder(KEY) == record
    time.sleep(1.2 * PATIENCE)
    assert watch.holder(KEY) is None


def test_f15_a_holder_whose_clock_jumps_back_keeps_its_trial(storage):
    first = from_elsewhere(storage, seen="2026-11-21T12:00:00+00:00")
    watch = AttemptWatch(storage, PATIENCE)
    assert watch.holder(KEY) == first
    time.sleep(1.2 * PATIENCE)
    jumped = first.model_copy(update={"beat": 1, "seen": "2026-11-21T11:00:05+00:00"})
    storage.write(f"{ATTEMPTS}/1.json", jumped.model_dump_json().encode())

    assert watch.holder(KEY) == jumped


@pytest.mark.parametrize("ending", ["finished", "failed", "preempted", "stopped", "pruned"])
def test_an_attempt_that_has_ended_frees_its_trial_at_once(storage, ending):
    attempt, watch = claim(storage), AttemptWatch(storage)
    assert watch.holder(KEY) is not None
    attempt.end(ending, "so")

    assert watch.holder(KEY) is None
    assert (last_attempt(storage, KEY).ended, last_attempt(storage, KEY).reason) == (ending, "so")


def test_an_attempt_that_was_thought_dead_notices_the_next_one(storage):
    first = claim(storage)
    assert not first.is_superseded()
    second = claim(storage.for_worker(), 2)

    assert first.is_superseded()
    assert not second.is_superseded()
    assert AttemptWatch(storage).holder(KEY) == second.record


def test_a_request_to_stop_is_for_one_attempt_only(storage):
    first = claim(storage)
    ask_to_stop(storage.for_worker(), KEY, 1)
    second = claim(storage, 2)

    assert first.is_asked_to_stop()
    assert not second.is_asked_to_stop()
    assert attempt_numbers(storage, KEY) == [1, 2]


@pytest.mark.parametrize("content", [b"", b'{"attempt": 1', b"\xff\x00", b'{"attempt": 1, "colour": "blue"}'])
def test_a_damaged_claim_holds_nothing_back_and_is_never_claimed_again(storage, content):
    storage.write(f"{ATTEMPTS}/1.json", content)
    storage.write(f"{ATTEMPTS}/notes.json", b"{}")

    assert read_attempt(storage, KEY, 1) is None
    assert AttemptWatch(storage).holder(KEY) is None
    assert attempt_numbers(storage, KEY) == [1]
    with pytest.raises(AttemptTakenError):
        claim(storage)
    assert claim(storage, 2).record.attempt == 2
