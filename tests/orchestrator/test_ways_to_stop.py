"""Ctrl-C, SIGTERM and `combo stop` are wishes first; only the second signal is an order."""

import os
import signal
import time

import pytest
from combo_command import wait_until

from experiments.storage.folder import FolderStorage
from orchestrator.sweep.stopping import LOOK_SECONDS, heeding_requests, heeding_signals, request_stop


@pytest.mark.parametrize(("number", "wish"), [(signal.SIGINT, "stopped"), (signal.SIGTERM, "preempted")])
def test_f16_the_first_signal_is_a_wish_and_the_next_one_an_order(number, wish):
    wishes, before = [], {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with heeding_signals(wishes.append):
        assert signal.getsignal(number) != before[number]
        os.kill(os.getpid(), number)
        wait_until(lambda: wishes, 5)
        assert {number: signal.getsignal(number) for number in before} == before

    assert wishes == [wish]


@pytest.fixture
def terminal():
    """Ctrl-C as Python takes it in a terminal; a shell's background jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("terminal")
def test_a_second_ctrl_c_interrupts():
    with heeding_signals(lambda _: None):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_signals_are_as_before_once_the_sweep_is_over():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with heeding_signals(lambda _: None):
        pass

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_request_to_stop_is_heard_by_every_run_of_the_sweep_once(tmp_path):
    storage, calls = FolderStorage(tmp_path), {"first": 0, "second": 0, "other": 0}

    def count(run):
        calls[run] += 1

    with (
        heeding_requests(storage, "tiny", lambda: count("first")),
        heeding_requests(storage, "tiny", lambda: count("second")),
        heeding_requests(storage, "tiny-long", lambda: count("other")),
    ):
        request_stop(FolderStorage(tmp_path), "tiny")
        wait_until(lambda: calls["first"] and calls["second"], 3 * LOOK_SECONDS)
        time.sleep(LOOK_SECONDS)

    assert calls == {"first": 1, "second": 1, "other": 0}


def test_a_request_of_yesterday_does_not_stop_todays_run(tmp_path):
    storage, calls = FolderStorage(tmp_path), []
    request_stop(storage, "tiny")
    with heeding_requests(storage, "tiny", lambda: calls.append(1)):
        time.sleep(1.5 * LOOK_SECONDS)

    assert calls == []
