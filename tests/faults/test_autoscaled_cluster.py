"""A cluster that begins with its head alone: nodes come for a sweep, one of them is lost, and they go afterwards."""

from __future__ import annotations

import signal
import subprocess
import time
from dataclasses import dataclass

import psutil
import pytest

from orchestrator.cli.exit_codes import INTERRUPTED
from tests.cluster.autoscaling_head import autoscaling_head, lose_node, raylet_of
from tests.faults.fault_report import note
from tests.faults.invariants import check_equal
from tests.faults.watched_sweep import END_SECONDS, THREE_TRIALS, WatchedSweep, ended
from tests.orchestrator.combo_command import wait_until

pytestmark = pytest.mark.minutes


@dataclass(frozen=True)
class Grown:
    """What came of a sweep on such a cluster.

    Attributes:
        sweep: with its storage.
        run: what the command said.
        refused: the same command with workers of two CPUs.
        interrupted: the same command, ended while the autoscaler slept.
        cpus_before: of the cluster with its head alone.
        raylets: of the nodes that two trials ran on at once, the second of which was lost.
    """

    sweep: WatchedSweep
    run: subprocess.CompletedProcess[str]
    refused: subprocess.CompletedProcess[str]
    interrupted: subprocess.CompletedProcess[str]
    cpus_before: float
    raylets: list[psutil.Process]


@pytest.fixture(scope="module")
def grown(new_combo):
    """A sweep of three trials where at most two nodes of one CPU may be; the node of a trial is lost."""
    with autoscaling_head(most_nodes=2) as head:
        sweep = WatchedSweep(new_combo(**head.environment), THREE_TRIALS)
        before = head.cpus()
        refused = sweep.run("--cpus-per-worker", 2)
        with head.sleeping_autoscaler():
            interrupted = _interrupted_while_it_waits(sweep)
        process = sweep.start("--retries", 0)
        sweep.wait_for_step("lambda-0", 1, 1)
        sweep.wait_for_step("lambda-10", 1, 12)
        writers = [head.process_writing(sweep.trial(name).metrics_file(1)) for name in ("lambda-0", "lambda-10")]
        raylets = [raylet_of(writer) for writer in writers]
        lose_node(raylets[1])
        began = time.monotonic()
        sweep.wait_for_step("lambda-10", 2, 1)
        seconds = time.monotonic() - began
        run = ended(process)
        wait_until(lambda: head.cpus() == 0, END_SECONDS, every=1)
    begin, left = sweep.steps("lambda-10", 2)[0], sweep.steps("lambda-10", 1)[-1]
    note("F6", "loss of a node that an autoscaler had started", f"{left + 1 - begin} steps repeated", seconds)
    return Grown(sweep, run, refused, interrupted, before, raylets)


def _interrupted_while_it_waits(sweep):
    """A sweep for which no nodes come, ended by Ctrl-C."""
    process = sweep.start()
    said = iter(process.stdout.readline, "")
    assert any("waiting for nodes" in line for line in said)
    process.send_signal(signal.SIGINT)
    return ended(process)


def test_a_sweep_brings_nodes_up_says_that_it_waits_for_them_and_lets_them_go(grown):
    assert grown.cpus_before == 0
    assert grown.run.returncode == 0, grown.run.stdout + grown.run.stderr
    assert grown.raylets[0].pid != grown.raylets[1].pid
    assert "waiting for nodes: there is room for 0 of the 2 workers that trials want" in grown.run.stdout
    assert "the autoscaler may make room for 2" in grown.run.stdout


def test_a_sweep_that_waits_for_nodes_ends_when_it_is_told_to(grown):
    assert grown.interrupted.returncode == INTERRUPTED, grown.interrupted.stdout + grown.interrupted.stderr
    assert "0 of 3 trials finished" in grown.interrupted.stdout
    assert "3 to start" in grown.run.stdout


def test_what_no_node_of_any_type_can_hold_is_refused(grown):
    wanted = "needs 1 workers of 2 CPUs, there is room for 0 with all nodes that the autoscaler may start"

    assert grown.refused.returncode == 2
    assert wanted in grown.refused.stderr


def test_f6_a_trial_whose_node_is_lost_continues_on_another_one_from_its_checkpoint(grown, undisturbed):
    assert grown.sweep.steps("lambda-10", 2)[0] > 1
    assert "its machine left the cluster" in grown.sweep.attempts("lambda-10")[0].reason
    check_equal(grown.sweep, undisturbed)
