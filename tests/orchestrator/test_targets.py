"""What the words of a verb stand for: experiments, tables, a search, trials by their keys."""

import json
import re

import pytest
from combo_command import TINY

from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from model.data.fingerprint import data_fingerprint
from orchestrator.settings import resolve_settings
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.targets import read_targets
from orchestrator.trial.leases import AttemptLease
from tests.search.search_files import search_content

ASHA = {"scheduler": "asha", "grace_evaluations": 1}


@pytest.fixture
def store(tmp_path):
    return Store(FolderStorage(tmp_path / "storage"))


@pytest.fixture
def targets(tmp_path, data, store):
    def read(*names, workers=None, **assigned):
        settings = resolve_settings(str(tmp_path / "storage"), data)
        return read_targets(list(map(str, names)), assigned, "full", settings, store, workers)

    return read


@pytest.fixture
def search_file(tmp_path):
    """Writes a search over the network of the tests."""

    def write(**changes):
        path = tmp_path / "own.yaml"
        path.write_text(json.dumps(search_content(overrides={"data.size": 32}, **changes)))
        return path

    return write


@pytest.fixture
def trials(data):
    return [trial.on_data(data_fingerprint(data, "s4")) for trial in expand(load_experiment(str(TINY)))]


def refusal(targets, *names, **options):
    with pytest.raises(InputError) as refused:
        targets(*names, **options)
    return str(refused.value.problems[0])


def test_an_experiment_is_its_trials_on_the_data_at_hand(targets, trials, store):
    found = targets(TINY)

    assert (found.paper, found.search) == ("combo", None)
    assert [trial.key for trial in found.trials] == [trial.key for trial in trials]
    assert found.plan(store).to_run == list(found.trials)


def test_a_sweep_is_named_after_its_files_and_told_apart_by_what_it_asks_for(targets, tmp_path):
    moved, other = tmp_path / "moved" / "tiny.yaml", tmp_path / "other" / "tiny.yaml"
    for path, weight in ((moved, 10), (other, 11)):
        path.parent.mkdir()
        path.write_text(TINY.read_text().replace("loss.lambda_ada: 10", f"loss.lambda_ada: {weight}"))
    own, *others = (targets(TINY), targets(other), targets(TINY, **{"training.iterations": 12}))

    assert re.fullmatch("tiny-[0-9a-f]{8}", own.sweep)
    assert targets(moved, workers=2).sweep == own.sweep
    assert len({own.sweep, *(found.sweep for found in others)}) == 3
    assert all(found.sweep.startswith("tiny-") for found in others)


def test_searches_are_told_apart_by_their_space_their_points_and_their_settings(targets, search_file):
    first = targets(search_file()).sweep
    changes = ({"trials": 3}, {"space": {"loss.lambda_ada": {"choice": [1, 2]}}, "trials": 2}, {"seed": 1})
    others = {targets(search_file(**change)).sweep for change in changes}

    assert re.fullmatch("own-[0-9a-f]{8}", first)
    assert len(others - {first}) == 3
    assert targets(search_file(concurrent=1)).sweep == first


def test_overrides_and_workers_hold_for_every_trial(targets):
    found = targets(TINY, workers=2, **{"training.iterations": 12})

    assert {(trial.workers, trial.config.training.iterations) for trial in found.trials} == {(2, 12)}


def test_trials_are_found_by_their_keys_wherever_they_came_from(targets, trials, store):
    for trial in trials[:2]:
        store.trial(trial.key).begin(trial)
    found = targets(trials[1].key, trials[0].key)

    assert [trial.key for trial in found.trials] == [trials[1].key, trials[0].key]
    assert [trial.config for trial in found.trials] == [trials[1].config, trials[0].config]


def test_a_key_that_storage_does_not_know_is_refused(targets, store):
    assert refusal(targets, "0123456789abcdef") == (
        f"trial 0123456789abcdef: is not in {store.storage} (`combo status EXPERIMENT` lists keys)"
    )


def test_a_search_stands_alone_and_is_bound_to_its_data(targets, search_file, data, store):
    found = targets(search_file())

    assert found.trials == ()
    assert found.search.search.base.data.fingerprint == data_fingerprint(data, "s4")
    assert found.plan(store).to_run == []
    assert "names a search beside something else (name it alone)" in refusal(targets, search_file(), TINY)


@pytest.mark.parametrize(("content", "goes_on"), [({"early_stopping": ASHA}, False), ({}, True)])
def test_a_pruned_point_stays_so_in_a_search_that_prunes_and_nowhere_else(
    targets, search_file, store, content, goes_on
):
    trial = targets(search_file(**content)).search.ask()
    store.trial(trial.key).begin(trial)
    AttemptLease(store.storage, trial.key, 1, 1, "cpu").end("pruned")
    plan = targets(search_file(**content)).plan(store)

    assert [(entry.trial.key, entry.state) for entry in plan.entries] == [(trial.key, "pruned")]
    assert [entry.key for entry in plan.to_run] == [trial.key] * goes_on


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "command line: names no experiment (such as combo/table7)"),
        (["combo/tabel7"], "combo/tabel7: no such experiment (did you mean 'combo/table7'?)"),
        (["combo/33"], "combo/33: is filled by no experiment"),
        ([TINY, "0123456789abcdef"], "0123456789abcdef: no such experiment"),
    ],
)
def test_a_name_of_nothing_is_refused(targets, names, said):
    assert said in refusal(targets, *names)
