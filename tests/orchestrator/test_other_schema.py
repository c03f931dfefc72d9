"""Stored trials of another schema are neither new nor damaged: every verb says what they are and what to do."""

import json
import shutil

import pytest
from combo_command import TINY, Combo

from experiments.load_experiment import load_experiment
from experiments.load_search import load_search
from model.data.fingerprint import data_fingerprint
from model.regular_files import read_regular
from orchestrator.planning import other_schemas
from orchestrator.planning.plan import make_plan, trials_on_data
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store

TOLD = "was stored by schema 2, this version reads schema 1"
REMEDY = "use the version of combo that stored it, or another --storage"


@pytest.fixture
def trials(data):
    return trials_on_data([load_experiment(str(TINY))], data)


@pytest.fixture
def store(tmp_path, trials):
    """All trials have begun."""
    store = Store(FolderStorage(tmp_path))
    for trial in trials:
        store.trial(trial.key).begin(trial)
    return store


def as_schema_2(store, trial, key=None, **changes):
    """Makes a stored trial one of a later version, which may name it otherwise and have other settings."""
    folder = store.trial(trial.key).path
    record = json.loads((folder / "trial.json").read_text())
    record["config"] |= {"schema_version": 2, **changes}
    record["key"] = key or trial.key
    (folder / "trial.json").write_text(json.dumps(record))
    if key is not None:
        shutil.move(folder, folder.parent / key)


def states(trials, store):
    return [(entry.state, entry.reason) for entry in make_plan("tiny", trials, store).entries]


def test_a_trial_that_another_schema_keeps_under_another_key_is_not_called_new(trials, store):
    as_schema_2(store, trials[0], "0" * 16, new_section={"some_setting": 5})
    first, *others = states(trials, store)
    assert first == ("other schema", f"{TOLD}: it is trial {'0' * 16} ({REMEDY})")
    assert others == [("new", "")] * 2
    assert [trial.key for trial in make_plan("tiny", trials, store).to_run] == [trial.key for trial in trials[1:]]


def test_trials_of_this_schema_are_not_looked_at_again(trials, store, monkeypatch):
    as_schema_2(store, trials[0], "0" * 16)
    first, read = states(trials, store), []
    monkeypatch.setattr(other_schemas, "read_regular", lambda path: read.append(path) or read_regular(path))

    assert states(trials, store) == first
    assert read == [store.trial("0" * 16).identity_file]


def test_one_that_differs_in_a_setting_is_another_trial(trials, store):
    as_schema_2(store, trials[0], "0" * 16, seed=77)
    assert [state for state, _ in states(trials, store)] == ["new"] * 3


@pytest.mark.parametrize(
    "content", ['{"schema_version": 2', '["schema_version": 2]', '{"config": {"schema_version": 2}}']
)
def test_what_cannot_be_told_hides_no_trial(trials, store, content):
    as_schema_2(store, trials[0], "0" * 16)
    (store.root / "trials" / ("0" * 16) / "trial.json").write_text(content)
    assert [state for state, _ in states(trials, store)] == ["new"] * 3


def test_a_search_is_not_begun_anew_beside_its_own_points(data, tmp_path):
    combo = Combo(tmp_path, data)
    (tmp_path / "own.yaml").write_text(
        "{title: Own settings, paper: combo, preset: combo_demo, task: s4, trials: 4, "
        "space: {loss.lambda_ada: {log_uniform: [1, 100]}}}"
    )
    own = load_search(str(tmp_path / "own.yaml"))
    bound = own.on_data(data_fingerprint(data, "s4", own.base.data.maskige, own.base.data.size))
    store, trial = Store(FolderStorage(tmp_path)), bound.trial({"loss.lambda_ada": 7.0})
    store.trial(trial.key).begin(trial)
    assert combo("status", "own.yaml", "--storage", tmp_path).returncode == 0
    as_schema_2(store, trial, "0" * 16)
    refused = combo("status", "own.yaml", "--storage", tmp_path)
    assert refused.returncode == 2
    assert f"1 of its points cannot be read: trial {'0' * 16} {TOLD} ({REMEDY})" in refused.stderr


def test_every_verb_says_so_and_none_starts_the_trial_anew(trials, store, data, tmp_path, command):
    for place, trial in enumerate(trials):
        as_schema_2(store, trial, f"{place:016x}" if place else None)
    combo = Combo(tmp_path, data)
    for verb, code in (("plan", 0), ("status", 0), ("run", 1)):
        answer = command(verb, TINY, "--storage", tmp_path, "--data", data)
        said = " ".join((answer.out + answer.err).split())
        assert answer.code == code, said
        assert said.count(TOLD) == 3, said
        assert "damaged" not in said
    report = combo("report", "build", TINY, "--storage", tmp_path)
    told = " ".join(report.stdout.split()).split("left out: ")[1:]
    assert ["trial.json: " + TOLD in line and REMEDY in line for line in told] == [True] * 3
    assert combo("status", trials[0].key, "--storage", tmp_path).returncode == 2
