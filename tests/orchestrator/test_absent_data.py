"""Verbs that look at trials where the data folder is absent: the storage tells on which data they are."""

import json

import pytest
from combo_command import EXPERIMENTS, TINY

from model.data.synthetic.writer import write_synthetic
from orchestrator.settings import resolve_settings
from orchestrator.store.store import Store
from orchestrator.targets import read_targets
from orchestrator.trial.leases import AttemptLease
from tests.search.search_files import search_content

DEPENDENT = EXPERIMENTS / "dependent.yaml"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """S4 and MS3, of 8 clips each."""
    folder = tmp_path_factory.mktemp("both")
    for task in ("s4", "ms3"):
        write_synthetic(task, folder, clips=8, seed=0, size=32)
    return folder


@pytest.fixture
def search_file(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(json.dumps(search_content(overrides={"data.size": 32})))
    return path


@pytest.fixture
def begun(combo, data):
    """Begins trials as a sweep does, each with one attempt that was stopped."""

    def begin(name):
        settings = resolve_settings(str(combo.storage), data)
        store = Store(settings.storage)
        targets = read_targets([str(name)], {}, "full", settings, store)
        trials = [targets.search.ask()] if targets.search is not None else targets.trials
        for trial in trials:
            for one in filter(None, (trial.parent, trial)):
                store.trial(one.key).begin(one)
                AttemptLease(store.storage, one.key, 1, 1, "cpu").end("stopped")

    return begin


@pytest.mark.parametrize("name", [TINY, DEPENDENT])
def test_the_states_are_those_that_a_machine_with_the_data_sees(combo, begun, name):
    begun(name)
    with_data = combo("status", name, "--json")
    without = combo("status", name, "--json", "--data", "absent")

    assert without.returncode == 0, without.stderr
    assert json.loads(without.stdout) == json.loads(with_data.stdout)
    assert "new" not in {trial["state"] for trial in json.loads(without.stdout)["trials"]}
    (told,) = without.stderr.splitlines()
    assert told.startswith("trials are looked up on the data that they were trained on")
    assert " data in " in told


def test_so_are_the_points_of_a_search_and_what_happened(combo, begun, search_file):
    begun(search_file)

    assert combo("status", search_file, "--data", "absent").stdout == combo("status", search_file).stdout
    assert combo("logs", search_file, "--data", "absent").stdout == combo("logs", search_file).stdout


def test_what_no_data_are_known_of_is_refused(combo, begun, search_file):
    begun(TINY)

    for name in (search_file, "combo/table7"):
        said = combo("status", name, "--data", "absent")
        assert said.returncode == 2
        assert said.stderr.startswith("error: no S4 data in")
