"""A storage keeps its runs however its path was typed, and two storages never share one."""

import shutil

import pytest
from mlflow import MlflowClient
from mlflow_view import View
from stored_trials import StoredTrials, lines

from orchestrator.settings import resolve_settings
from orchestrator.sqlite_url import sqlite_file, sqlite_url

UP_TO_DATE = "MLflow holds 4 runs, all up to date\n"


@pytest.fixture
def three(stored, trials):
    """Two unfinished trials and a finished one."""
    for trial in trials:
        stored.join(trial)
        stored.measure(trial, lines(1, 1, 5))
    stored.finish(trials[0])
    return trials


@pytest.fixture
def server(empty_database, tmp_path, monkeypatch):
    """An MLflow that several storages share; returns its runs by id."""
    shutil.copy(empty_database, tmp_path / "server.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'server.db'}")

    def runs():
        client = MlflowClient(f"sqlite:///{tmp_path / 'server.db'}")
        return {
            run.info.run_id: run for run in client.search_runs([client.get_experiment_by_name("combo").experiment_id])
        }

    return runs


@pytest.mark.usefixtures("three")
def test_a_link_a_detour_and_a_move_are_the_same_storage(stored, server, command, tmp_path):
    root = stored.store.root
    assert command("sync", "--storage", root).out == "MLflow holds 4 runs, 4 of them changed now\n"
    known = set(server())
    (tmp_path / "link").symlink_to(root)
    (tmp_path / "x").mkdir()

    for spelling in (tmp_path / "link", f"{tmp_path}/x/../{root.name}", f"{root}/"):
        assert command("sync", "--storage", spelling).out == UP_TO_DATE
    root.rename(tmp_path / "moved")
    assert command("sync", "--storage", tmp_path / "moved").code == 0
    assert command("sync", "--storage", tmp_path / "moved").out == UP_TO_DATE
    assert set(server()) == known
    assert {run.data.tags["combo.storage"] for run in server().values()} == {str(tmp_path / "moved")}


def test_two_machines_with_the_same_path_leave_each_other_alone(stored, three, server, command, tmp_path):
    """As if the second machine had mounted its own storage there."""
    root = stored.store.root
    command("sync", "--storage", root)
    first = set(server())
    root.rename(tmp_path / "of the first")
    others = StoredTrials(root)
    for trial in three[:2]:
        others.join(trial)
        others.measure(trial, lines(1, 1, 9))
    assert command("sync", "--storage", root).out == "MLflow holds 3 runs, 3 of them changed now\n"
    both = set(server())

    root.rename(tmp_path / "of the second")
    (tmp_path / "of the first").rename(root)
    assert command("sync", "--storage", root).out == UP_TO_DATE
    assert len(first) == 4
    assert set(server()) == both
    assert first < both


@pytest.mark.usefixtures("three")
def test_runs_from_before_storages_had_ids_are_adopted(stored, server, command, tmp_path):
    root = stored.store.root
    (tmp_path / "link").symlink_to(root)
    command("sync", "--storage", root)
    client, known = MlflowClient(f"sqlite:///{tmp_path / 'server.db'}"), set(server())
    for run in known:
        client.delete_tag(run, "combo.storage_id")
        client.set_tag(run, "combo.storage", str(tmp_path / "link"))
    (root / "storage.json").unlink()

    assert command("sync", "--storage", root).code == 0
    assert set(server()) == known
    assert all("combo.storage_id" in run.data.tags for run in server().values())
    assert command("sync", "--storage", root).out == UP_TO_DATE


def test_sync_in_a_copy_writes_to_the_copy_only(stored, three, command, tmp_path):
    root, copy = stored.store.root, tmp_path / "a copy"
    command("sync", "--storage", root)
    shutil.copytree(root, copy)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    there = View(sqlite_url(copy / "mlflow.db"))
    there.client.delete_run(there.trials[three[0].key].info.run_id)

    assert command("sync", "--storage", copy).code == 0
    run = View(sqlite_url(copy / "mlflow.db")).trials[three[0].key]
    assert run.info.artifact_uri.startswith((copy / "mlflow-artifacts").as_uri())
    assert (copy / "mlflow-artifacts" / run.info.run_id / "artifacts/result.json").is_file()
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_artifacts_are_found_where_the_storage_was_moved_to(stored, three, command, tmp_path):
    command("sync", "--storage", stored.store.root)
    stored.store.root.rename(tmp_path / "moved")
    command("sync", "--storage", tmp_path / "moved")

    seen = View(sqlite_url(tmp_path / "moved" / "mlflow.db"))
    assert "result.json" in seen.artifacts(seen.trials[three[0].key])
    assert not stored.store.root.exists()


def test_a_path_with_signs_that_mean_something_in_addresses_is_a_path(stored, three, command, tmp_path):
    odd = tmp_path / "50 % off#1?a=b%20c"
    stored.store.root.rename(odd)
    url = resolve_settings(str(odd)).tracking_uri

    assert sqlite_file(url) == odd / "mlflow.db"
    assert command("sync", "--storage", odd).code == 0
    assert set(View(url).trials) == {trial.key for trial in three}
    seen = View(url)
    assert "result.json" in seen.artifacts(seen.trials[three[0].key])
    assert list(tmp_path.glob("50*")) == [odd]
    assert command("sync", "--storage", odd).out == UP_TO_DATE
