"""What finds room on a cluster and what never will, from what the machines say of themselves (F20)."""

import json
from dataclasses import replace

import pytest
from combo_command import TINY

from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from orchestrator.sweep.cluster import NO_GROWTH, Cluster, Growth, Node, NodeType
from orchestrator.sweep.local_resources import local_cluster
from orchestrator.sweep.placement import Placement, WorkerResources


def placed(*nodes, cpus=1.0, gpus=0.0, growth=NO_GROWTH, **limits):
    cluster = Cluster(tuple(Node(*node) for node in nodes), growth)
    return Placement(lambda: cluster, WorkerResources(cpus, gpus), **limits)


@pytest.mark.parametrize(
    ("nodes", "cpus", "gpus", "slots"),
    [
        ([(2, 0)], 1, 0, 2),
        ([(3, 0), (3, 0)], 2, 0, 2),  # a worker lies on one machine
        ([(1, 0)], 0.1, 0, 10),
        ([(16, 2)], 1, 1, 2),
        ([(16, 2)], 1, 0.5, 4),
        ([(2, 8)], 1, 1, 2),
        ([(16, 0), (16, 4)], 4, 1, 4),
        ([(16, 0)], 1, 1, 0),
        ([], 1, 0, 0),
    ],
)
def test_workers_that_fit_at_once(nodes, cpus, gpus, slots):
    assert Cluster(tuple(Node(*node) for node in nodes)).worker_slots(cpus, gpus) == slots


def test_f20_a_trial_that_never_fits_is_refused_with_the_way_out():
    trial = expand(load_experiment(str(TINY), "group"))[2]

    placed((2, 0)).refuse_unplaceable([trial])
    with pytest.raises(InputError) as refusal:
        placed((16, 1), gpus=1.0).refuse_unplaceable([trial])
    assert str(refusal.value.problems[0]) == (
        "lambda-20 s4 seed 0: needs 2 workers of 1 CPUs and 1 GPUs, there is room for 1 "
        "(lower --workers, --cpus-per-worker or --gpus-per-worker, or name a cluster with RAY_ADDRESS)"
    )


def test_a_trial_that_may_run_with_fewer_workers_is_given_those_that_fit_and_divide_its_batch():
    trial = expand(load_experiment(str(TINY), "group", {"training.batch": 6}))[2]
    trial = replace(trial, workers=6)

    placed((3, 0), least_workers=2).refuse_unplaceable([trial])
    assert placed((8, 0), least_workers=2).workers_now(trial) == 6
    assert placed((5, 0), least_workers=2).workers_now(trial) == 3
    assert placed((2, 0), least_workers=2).workers_now(trial) == 2
    assert placed((5, 0)).workers_now(trial) == 6


def test_no_more_trials_at_once_than_fit_or_may():
    assert placed((8, 0)).trials_at_once(2) == 4
    assert placed((8, 0), most_at_once=3).trials_at_once(2) == 3
    assert placed((1, 0), most_at_once=3).trials_at_once(2) == 1


SPOT = Growth((NodeType(Node(4, 1), 8),), 8)
"""Eight nodes of one GPU that an autoscaler may start."""


@pytest.mark.parametrize(
    ("nodes", "growth", "gpus", "slots"),
    [
        ([(0, 0, True)], SPOT, 1, 8),  # the head alone
        ([(0, 0, True), (4, 1), (4, 1)], SPOT, 1, 8),  # those that came already are among the eight
        ([(0, 0, True), (16, 8), (16, 8)], SPOT, 1, 16),  # others joined by hand
        ([(2, 0, True)], SPOT, 0, 2 + 32),
        ([(0, 0, True)], Growth((NodeType(Node(4, 0), 8), NodeType(Node(16, 4), 2)), 5), 1, 8),
        ([(0, 0, True)], Growth((NodeType(Node(4, 0), 8), NodeType(Node(16, 4), 2)), 5), 0, 2 * 16 + 3 * 4),
        ([(0, 0, True)], Growth((NodeType(Node(4, 0), 8),), 8), 1, 0),
    ],
)
def test_workers_that_fit_once_the_autoscaler_has_started_all_that_it_may(nodes, growth, gpus, slots):
    assert placed(*nodes, gpus=gpus, growth=growth).most_slots() == slots


def test_trials_wait_for_nodes_that_may_come_and_are_refused_where_none_could_hold_them():
    trial = expand(load_experiment(str(TINY), "group"))[2]
    alone = placed((0, 0, True), gpus=1.0, growth=SPOT)

    alone.refuse_unplaceable([trial])
    assert alone.trials_at_once(2) == 4
    assert placed((0, 0, True), gpus=1.0, growth=SPOT, most_at_once=3).trials_at_once(2) == 3
    with pytest.raises(InputError, match="there is room for 0 with all nodes that the autoscaler may start"):
        placed((0, 0, True), cpus=8.0, growth=SPOT).refuse_unplaceable([trial])


def test_a_trial_takes_the_nodes_that_are_there_if_it_may_and_else_waits_for_all_that_it_wants():
    trial = expand(load_experiment(str(TINY), "group", {"training.batch": 4}))[2]
    trial = replace(trial, workers=4)

    assert placed((0, 0, True), gpus=1.0, growth=SPOT, least_workers=2).workers_now(trial) == 4
    assert placed((0, 0, True), *[(4, 1)] * 3, gpus=1.0, growth=SPOT, least_workers=2).workers_now(trial) == 2
    assert placed((0, 0, True), *[(4, 1)] * 3, gpus=1.0, growth=SPOT).workers_now(trial) == 4


@pytest.mark.parametrize(
    ("visible", "gpus"), [("", 0), ("-1", 0), ("0", 1), ("0, 3", 2), ("GPU-8a51c2f0,GPU-07d3e9b1", 2)]
)
def test_this_machine_has_the_gpus_that_its_processes_may_see(monkeypatch, visible, gpus):
    monkeypatch.delenv("RAY_OVERRIDE_RESOURCES", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    (node,) = local_cluster().nodes

    assert node.gpus == gpus
    assert node.cpus >= 1


def test_this_machine_is_what_ray_is_told_to_assume(monkeypatch):
    monkeypatch.setenv("RAY_OVERRIDE_RESOURCES", json.dumps({"CPU": 64, "GPU": 8}))

    assert local_cluster() == Cluster((Node(64.0, 8.0),))
