"""Ctrl-C, SIGTERM and SIGHUP are stop requests first; only the second signal kills."""

import os
import signal
import time

import pytest
from combo_command import wait_until

from orchestrator.sweep.signals import handling_signals

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def hangup():
    """A terminal that ends its programs when it is closed; under nohup they ignore that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangup")
@pytest.mark.parametrize(
    ("number", "stop_request"),
    [(signal.SIGINT, "stopped"), (signal.SIGTERM, "preempted"), (signal.SIGHUP, "preempted")],
)
def test_f16_the_first_signal_is_a_stop_request_and_the_next_one_kills(number, stop_request):
    requests, before = [], {number: signal.getsignal(number) for number in SIGNALS}
    with handling_signals(requests.append):
        assert signal.getsignal(number) != before[number]
        os.kill(os.getpid(), number)
        wait_until(lambda: requests, 5)
        assert {number: signal.getsignal(number) for number in before} == before

    assert requests == [stop_request]


@pytest.fixture
def terminal():
    """Ctrl-C as Python takes it in a terminal; a shell's background jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("terminal")
def test_a_second_ctrl_c_interrupts():
    with handling_signals(lambda _: None):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_signals_are_as_before_once_the_sweep_is_over():
    before = [signal.getsignal(number) for number in SIGNALS]
    with handling_signals(lambda _: None):
        pass

    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with handling_signals(lambda _: None):
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    signal.signal(signal.SIGHUP, before)
