"""Links from cells to runs: found in a real MLflow, remembered while its database stays as it is."""

import os
import time

import pytest
from mlflow.tracking import MlflowClient

from orchestrator.settings import resolve_settings
from orchestrator.tracking.kept_runs import known_runs
from orchestrator.tracking.run_content import TRIAL_TAG
from orchestrator.tracking.run_links import run_links

KEYS = ("a" * 16, "b" * 16)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "storage").mkdir()
    return resolve_settings(str(tmp_path / "storage"))


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
    assert links[KEYS[0]].url == address
    elsewhere = run_links(settings, KEYS, "https://mlflow.example/")
    assert elsewhere[KEYS[0]].url == address.replace("http://127.0.0.1:5000", "https://mlflow.example")


def test_a_run_that_is_logged_later_is_found(settings, log_run):
    log_run(KEYS[0])
    _settle(settings.storage.root / "mlflow.db")
    assert list(run_links(settings, KEYS)) == [KEYS[0]]
    log_run(KEYS[1])
    assert list(run_links(settings, KEYS)) == list(KEYS)


def test_what_mlflow_said_is_asked_again_only_once_its_database_has_changed(tmp_path):
    database = tmp_path / "mlflow.db"
    database.write_bytes(b"one")
    _settle(database)
    asked = []

    def look_up(keys):
        asked.append(keys)
        return {key: ("1", f"run-{key}") for key in keys if key != "gone"}

    def known(*keys):
        return known_runs(database, tmp_path / "kept", keys, look_up)

    assert known("x", "gone") == known("x", "gone") == {"x": ("1", "run-x")}
    assert known("x", "y") == {"x": ("1", "run-x"), "y": ("1", "run-y")}
    assert asked == [["x", "gone"], ["y"]]
    database.write_bytes(b"another")
    assert known("x") == {"x": ("1", "run-x")}
    assert asked[-1] == ["x"]
    (tmp_path / "kept" / "runs.json").write_text("{")
    assert known("x") == {"x": ("1", "run-x")}


def _settle(path, seconds=2.2):
    """Lets a file lie until another change of it cannot go unseen."""
    os.utime(path)
    time.sleep(seconds)
