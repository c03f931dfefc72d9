"""A cluster of two machines loses one while both train."""

from __future__ import annotations

import time

import pytest

from tests.faults.fault_report import note
from tests.faults.invariants import check_equal
from tests.faults.ray_nodes import running_nodes
from tests.faults.watched_sweep import THREE_TRIALS, WatchedSweep, ended

pytestmark = pytest.mark.minutes


@pytest.fixture(scope="module")
def lost_node(new_combo):
    """A sweep on two nodes of one CPU each, one of which is lost; no retries are granted."""
    with running_nodes(2) as nodes:
        sweep = WatchedSweep(new_combo(**nodes.environment), THREE_TRIALS)
        refused = sweep.run("--cpus-per-worker", 2)
        process = sweep.start("--retries", 0)
        sweep.wait_for_step("lambda-10", 1, 23)
        before = nodes.node_of(nodes.process_writing(sweep.trial("lambda-10").metrics_file(1)))
        nodes.lose(before)
        began = time.monotonic()
        sweep.wait_for_step("lambda-10", 2, 1)
        seconds = time.monotonic() - began
        after = nodes.node_of(nodes.process_writing(sweep.trial("lambda-10").metrics_file(2)))
        run = ended(process)
    begin, left = sweep.steps("lambda-10", 2)[0], sweep.steps("lambda-10", 1)[-1]
    lost = f"{left + 1 - begin} steps repeated, once the other node had room"
    note("F6", "loss of one of two nodes", lost, seconds)
    return sweep, run, refused, (before, after)


def test_f6_a_trial_moves_to_the_other_node_when_its_own_is_lost(lost_node):
    sweep, run, _, (before, after) = lost_node

    assert run.returncode == 0, run.stdout + run.stderr
    assert before != after
    assert sweep.steps("lambda-10", 2)[0] > 1
    assert "Traceback" not in run.stdout + run.stderr


def test_f6_a_lost_node_is_no_fault_of_the_trial_and_takes_none_of_its_retries(lost_node):
    sweep, *_ = lost_node
    first = sweep.attempts("lambda-10")[0]

    assert first.ended == "failed"
    assert "its machine left the cluster" in first.reason


def test_f6_tables_equal_those_of_a_run_that_lost_no_node(lost_node, undisturbed):
    check_equal(lost_node[0], undisturbed)


def test_f20_what_fits_on_no_node_of_a_cluster_is_refused_although_all_nodes_together_have_room(lost_node):
    _, _, refused, _ = lost_node

    assert refused.returncode == 2
    assert "needs 1 workers of 2 CPUs, there is room for 0" in refused.stderr
    assert "lower --workers, --cpus-per-worker or --gpus-per-worker" in refused.stderr
