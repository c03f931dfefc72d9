"""Whether MLflow lacks anything of a finished sweep, told from its own database."""

import pytest
from mlflow.tracking import MlflowClient
from stored_trials import SWEEP, lines

from orchestrator.settings import resolve_settings
from orchestrator.tracking.nothing_to_tell import has_nothing_to_tell
from orchestrator.tracking.tracker import Tracker


@pytest.fixture
def finished(stored, trials):
    """Two finished trials of a sweep."""
    for trial in trials[:2]:
        stored.measure(trial, lines(1, 1, 5))
        stored.finish(trial)
    return trials[:2]


@pytest.fixture
def told(settings, finished):
    """MLflow has been told of them, as a run with nothing left to do tells it."""
    with Tracker(settings, "combo", SWEEP, [], finished) as tracker:
        pass
    assert tracker.trouble is None
    return settings


def test_mlflow_is_told_once_and_after_that_has_nothing_to_be_told(settings, finished):
    assert not has_nothing_to_tell(settings, "combo", SWEEP, finished)
    with Tracker(settings, "combo", SWEEP, [], finished):
        pass
    assert has_nothing_to_tell(settings, "combo", SWEEP, finished)


def test_another_sweep_of_the_same_trials_has_to_be_told(told, finished):
    assert not has_nothing_to_tell(told, "combo", "another-sweep", finished)


@pytest.mark.parametrize("change", ["a run is deleted", "a run is marked running", "the sweep is reopened"])
def test_what_has_changed_in_mlflow_is_seen(told, finished, change):
    client = MlflowClient(told.tracking_uri)
    runs = client.search_runs([client.get_experiment_by_name("combo").experiment_id])
    of_trial = next(run for run in runs if run.data.tags.get("combo.trial_key") == finished[0].key)
    of_sweep = next(run for run in runs if "combo.trial_key" not in run.data.tags)
    match change:
        case "a run is deleted":
            client.delete_run(of_trial.info.run_id)
        case "a run is marked running":
            client.update_run(of_trial.info.run_id, status="RUNNING")
        case "the sweep is reopened":
            client.update_run(of_sweep.info.run_id, status="KILLED")
    assert not has_nothing_to_tell(told, "combo", SWEEP, finished)


def test_a_storage_that_was_moved_has_to_tell_where_it_is(told, finished, tmp_path):
    told.storage.root.rename(tmp_path / "moved")
    assert not has_nothing_to_tell(resolve_settings(str(tmp_path / "moved")), "combo", SWEEP, finished)
