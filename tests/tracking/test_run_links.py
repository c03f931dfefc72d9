"""Links from cells to runs: found in a real MLflow."""

import shutil
import time
from dataclasses import replace

import pytest
from mlflow.tracking import MlflowClient
from stored_trials import StoredTrials, lines

from orchestrator.settings import resolve_settings
from orchestrator.tracking.run_content import TRIAL_TAG
from orchestrator.tracking.run_links import run_links
from orchestrator.tracking.synchronise import synchronise

KEYS = ("a" * 16, "b" * 16)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "storage").mkdir()
    return resolve_settings(str(tmp_path / "storage"))


@pytest.fixture
def shared(settings, empty_database, tmp_path):
    """Three storages on one server, by name."""
    server = tmp_path / "server.db"
    shutil.copy(empty_database, server)
    alike = replace(settings, tracking_uri=f"sqlite:///{server}")
    names = ("mine", "theirs", "third")
    return {name: replace(alike, storage=StoredTrials(tmp_path / name).storage) for name in names}


@pytest.fixture
def log_run(settings):
    client = MlflowClient(settings.tracking_uri)

    def log(key):
        experiment = client.get_experiment_by_name("combo")
        place = experiment.experiment_id if experiment else client.create_experiment("combo")
        return client.create_run(place, tags={TRIAL_TAG: key}).info

    return log


def test_a_storage_without_runs_gives_no_links_and_no_database(settings):
    assert run_links(settings, KEYS) == {}
    assert not (settings.storage.root / "mlflow.db").exists()


def test_a_link_leads_to_the_newest_run_of_its_trial(settings, log_run):
    log_run(KEYS[0])
    time.sleep(0.01)
    newest = log_run(KEYS[0])
    links = run_links(settings, KEYS)
    assert list(links) == [KEYS[0]]
    assert links[KEYS[0]].run_id == newest.run_id
    address = f"http://127.0.0.1:5000/#/experiments/{newest.experiment_id}/runs/{newest.run_id}"
    address += "?workflowType=machine_learning"
    assert links[KEYS[0]].url == address
    elsewhere = run_links(settings, KEYS, "https://mlflow.example/")
    assert elsewhere[KEYS[0]].url == address.replace("http://127.0.0.1:5000", "https://mlflow.example")


def test_a_run_that_is_logged_later_is_found(settings, log_run):
    log_run(KEYS[0])
    assert list(run_links(settings, KEYS)) == [KEYS[0]]
    log_run(KEYS[1])
    assert list(run_links(settings, KEYS)) == list(KEYS)


def test_links_lead_to_runs_of_the_own_storage_where_several_share_a_server(shared, trials):
    """And to runs that do not say whose they are, as those that were made by other means."""
    keys = [trials[0].key, trials[1].key]
    client = MlflowClient(shared["mine"].tracking_uri)
    for name in ("mine", "theirs"):
        stored = StoredTrials(shared[name].storage.root)
        stored.join(trials[0])
        stored.measure(trials[0], lines(1, 1, 5))
        synchronise(shared[name], [], lambda *_: None)
    paper = client.get_experiment_by_name("combo").experiment_id
    nobodys = client.create_run(paper, tags={TRIAL_TAG: trials[1].key}).info.run_id
    for name in ("mine", "theirs"):
        links = run_links(shared[name], keys)
        assert client.get_run(links[keys[0]].run_id).data.tags["combo.storage"] == str(shared[name].storage)
        assert links[keys[1]].run_id == nobodys
    assert list(run_links(shared["third"], keys)) == [keys[1]]
