"""All trials of a storage at once: finding them, and what they have cost."""

import pytest

from experiments.expand import expand
from reports.stored.results import read_results
from reports.tables.matching import match


def keys_found(places):
    return {run.key for evidence in places.values() for run in evidence.runs}


@pytest.fixture
def third(scaled):
    """A trial on no data yet."""
    return expand(scaled)[2]


@pytest.fixture
def pair(scaled):
    """A trial and one that starts from its weights, both on no data yet."""
    parent, dependent, *_ = expand(scaled)
    return parent, dependent.starting_from(parent)


def bound(pair, fingerprint):
    parent, dependent = pair
    return parent.on_data(fingerprint), dependent.on_data(fingerprint).starting_from(parent.on_data(fingerprint))


def test_a_trial_is_found_on_any_data_by_where_it_starts_from(storage, pair):
    wanted = [bound(pair, fingerprint) for fingerprint in ("a" * 16, "b" * 16)]
    for parent, dependent in wanted:
        storage.finish(parent, 0.6, 0.7)
        storage.finish(dependent, 0.6, 0.7)
    storage.finish(pair[1].on_data("a" * 16).starting_from(pair[1]), 0.6, 0.7)
    found = match([pair[1]], read_results(storage.root, None))
    assert keys_found(found) == {dependent.key for _, dependent in wanted}


def test_a_trial_that_starts_from_another_is_not_one_that_starts_afresh(storage, scaled, pair):
    _, dependent = bound(pair, "a" * 16)
    storage.finish(dependent, 0.6, 0.7)
    assert keys_found(match([expand(scaled)[1]], read_results(storage.root, None))) == set()


def test_a_chain_of_starts_is_found_on_any_data(storage, pair, third):
    parent, dependent = bound(pair, "a" * 16)
    last = third.on_data("a" * 16).starting_from(dependent)
    for trial in (parent, dependent, last):
        storage.finish(trial, 0.6, 0.7)
    found = match([third.starting_from(pair[1])], read_results(storage.root, None))
    assert keys_found(found) == {last.key}


def test_a_trial_on_known_data_is_found_though_its_source_is_gone(storage, pair):
    _, dependent = bound(pair, "a" * 16)
    storage.finish(dependent, 0.6, 0.7)
    assert keys_found(match([dependent], read_results(storage.root, None))) == {dependent.key}


def test_unfinished_trials_are_found_as_finished_ones_are(storage, pair):
    parent, dependent = bound(pair, "a" * 16)
    storage.finish(parent, 0.6, 0.7)
    storage.fail(dependent)
    assert keys_found(match([pair[1]], read_results(storage.root, None))) == {dependent.key}


def test_effort_is_summed_by_task_and_device(storage, trials):
    for trial, device, workers in zip(trials, ("cpu", "cpu", "H200"), (1, 2, 4), strict=False):
        storage.finish(trial, 0.6, 0.7, device=device, workers=workers, training_seconds=10.0)
    storage.start(trials[3])
    efforts = read_results(storage.root, None).effort()
    assert [(one.task, one.device, one.trials) for one in efforts] == [("s4", "H200", 1), ("s4", "cpu", 2)]
    assert [(one.training_seconds, one.device_seconds) for one in efforts] == [(10.0, 40.0), (20.0, 30.0)]
    assert {one.last_finished for one in efforts} == {"2026-11-01T10:01:00Z"}


def test_nothing_stored_has_cost_nothing(tmp_path):
    assert read_results(tmp_path, None).effort() == ()
