"""What MLflow's users find: the sweep's summary, descriptions, models, links. All of it follows from storage."""

import csv
import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from mlflow.entities import Metric
from mlflow_view import View
from stored_trials import SWEEP, StoredTrials, evaluation, lines, table7

from orchestrator.settings import resolve_settings
from orchestrator.store.sweep_request import note_request
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.run_content import read_content
from orchestrator.tracking.run_links import experiment_links, sweep_link
from orchestrator.tracking.run_mirror import make_equal
from orchestrator.tracking.synchronise import synchronise

COMMAND = "combo run combo/table7 --scale demo"


@pytest.fixture(scope="module")
def synced(tmp_path_factory, empty_database):
    """A sweep of two finished trials, a failed one and one that has not begun, told to MLflow; not to be changed."""
    root = tmp_path_factory.mktemp("pages") / "storage"
    root.mkdir()
    shutil.copy(empty_database, root / "mlflow.db")
    stored, trials = StoredTrials(root), table7(4)
    note_request(stored.storage, SWEEP, ("combo/table7",), ("combo/table7",), "demo", Path("/data"))
    for trial in trials:
        stored.join(trial)
    for trial in trials[:3]:
        stored.measure(trial, lines(1, 1, 3))
    for trial in trials[:2]:
        stored.finish(trial)
    stored.fail(trials[2], "the clip is too short")
    settings = resolve_settings(str(root))
    synchronise(settings, [], lambda *_: None)
    return settings, trials, View(settings.tracking_uri)


def artifact(view, run, name):
    return Path(view.client.download_artifacts(run.info.run_id, name)).read_text()


def test_an_experiment_is_one_of_model_training(synced):
    _, _, view = synced
    tags = view.client.get_experiment_by_name("combo").tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"


def test_a_sweep_says_what_it_amounts_to(synced):
    _, trials, view = synced
    sweep = view.sweeps[SWEEP]

    assert sweep.data.tags["combo.trials"] == "2 finished, 1 failed, 1 not started"
    assert sweep.data.tags["combo.best.s4"] == f"{trials[0].label}, M_J 61.0, M_F 72.0 ({trials[0].key})"
    assert sweep.data.metrics == {"best/s4_m_j_percent": 61.0, "best/avss_m_j_percent": 61.0}
    note = sweep.data.tags["mlflow.note.content"]
    assert note.startswith(f"`{COMMAND}`: 2 finished, 1 failed, 1 not started.\n")
    assert "| lambda-0 | 61.0 | 72.0 | 61.0 | 72.0 | 2/2 |" in note
    assert "combo report build combo/table7 --scale demo --storage" in note


def test_the_table_and_the_trials_are_files_of_the_sweep(synced):
    _, trials, view = synced
    sweep = view.sweeps[SWEEP]
    rows = list(csv.DictReader(StringIO(artifact(view, sweep, "trials.csv"))))
    shared = json.loads(artifact(view, sweep, "shared-settings.json"))

    assert view.artifacts(sweep) == {"table.md", "table.csv", "trials.csv", "shared-settings.json"}
    assert [(row["key"], row["state"], row["m_j_percent"]) for row in rows] == [
        (trials[0].key, "finished", "61.0"),
        (trials[1].key, "finished", "61.0"),
        (trials[2].key, "failed", ""),
        (trials[3].key, "not started", ""),
    ]
    assert [row["loss.lambda_ada"] for row in rows] == ["0.0", "0.0", "5.0", ""]
    assert shared["optim.lr"] == 0.0001
    assert "loss.lambda_ada" not in shared


def test_the_settings_that_differ_stand_in_front_in_the_list_of_runs(synced):
    _, _, view = synced
    tags = view.client.get_experiment_by_name("combo").tags
    (key,) = (name for name in tags if name.startswith("mlflow.sharedViewState."))
    state = json.loads(tags[key])

    assert {"params.`loss.lambda_ada`", "params.`data.task`"} < set(state["selectedColumns"])
    assert "params.`optim.lr`" not in state["selectedColumns"]
    found = view.client.search_runs([view.sweeps[SWEEP].info.experiment_id], state["searchFilter"])
    assert {run.info.run_id for run in found} == {run.info.run_id for run in view.trials.values()}
    assert f"viewStateShareKey={key.rpartition('.')[2]}&" in view.sweeps[SWEEP].data.tags["mlflow.note.content"]


def test_runs_say_which_command_commit_and_user_made_them(synced):
    _, trials, view = synced
    tags = view.trials[trials[0].key].data.tags
    assert (tags["mlflow.source.name"], tags["mlflow.source.git.commit"]) == (COMMAND, "c0ffee1")
    assert tags["mlflow.user"] == view.sweeps[SWEEP].data.tags["mlflow.user"] != ""


def test_every_finished_trial_is_a_logged_model_with_scores_and_a_card(synced):
    _, trials, view = synced
    run = view.trials[trials[0].key]
    models = view.client.search_logged_models([run.info.experiment_id])
    assert {model.source_run_id for model in models} == {view.trials[trial.key].info.run_id for trial in trials[:2]}
    model = next(one for one in models if one.source_run_id == run.info.run_id)

    assert model.status == "READY"
    assert {(one.key, one.value, one.dataset_digest) for one in model.metrics} == {
        ("test/m_j_percent", 61.0, "d" * 16),
        ("test/m_f_percent", 72.0, "d" * 16),
    }
    card = model.tags["mlflow.note.content"]
    assert f'combo_lab.load_model("{trials[0].key}"' in card
    assert "| avsbench-binary@1 (test) | 61.0 | 72.0 |" in card
    assert run.data.tags["mlflow.note.content"] == card


def test_the_data_set_has_columns(synced):
    _, trials, view = synced
    (data,) = (one.dataset for one in view.trials[trials[0].key].inputs.dataset_inputs)
    columns = {one["name"] for one in json.loads(data.schema)["mlflow_colspec"]}
    assert columns == {"clip", "category", "split", "frames", "masks", "sound", "maskiges"}


def test_links_open_mlflow_for_model_training(synced):
    settings, _, view = synced
    run = view.sweeps[SWEEP].info
    page = f"http://127.0.0.1:5000/#/experiments/{run.experiment_id}/runs"
    assert sweep_link(settings, SWEEP) == f"{page}/{run.run_id}?workflowType=machine_learning"
    assert sweep_link(settings, "another") is None
    assert experiment_links(settings, "http://127.0.0.1:5000")["combo"] == f"{page}?workflowType=machine_learning"


def test_a_finished_trial_takes_twelve_writes_and_none_the_second_time(stored, settings, trials):
    stored.join(trials[0])
    stored.measure(trials[0], lines(1, 1, 20))
    stored.finish(trials[0])
    runs = ExperimentRuns(settings, "combo")
    content = read_content(stored.folder(trials[0]), [])
    before = runs.client.writes
    made = make_equal(runs, None, content, None)
    assert runs.client.writes - before == 12

    make_equal(runs, runs.client.get_run(made.info.run_id), content, None)
    assert runs.client.writes - before == 12


def test_a_run_from_before_scores_were_in_percent_stays_and_gets_them(stored, settings, trials, view):
    stored.join(trials[0])
    stored.measure(trials[0], [evaluation(1, 5)])
    synchronise(settings, [], lambda *_: None)
    known = view().trials[trials[0].key].info.run_id
    view().client.log_batch(known, metrics=[Metric("val/m_j", 0.5, 0, 5), Metric("test/m_j", 0.61, 0, 5)])
    view().client.delete_tag(known, "combo.metrics_digest")
    synchronise(settings, [], lambda *_: None)

    run = view().trials[trials[0].key]
    assert run.info.run_id == known
    assert run.data.metrics["val/m_j_percent"] == pytest.approx(50.05)
    assert synchronise(settings, [], lambda *_: None).changed == 0


def test_a_description_that_a_user_wrote_stays(stored, settings, trials, view):
    stored.join(trials[0])
    stored.measure(trials[0], lines(1, 1, 5))
    stored.finish(trials[0])
    synchronise(settings, [], lambda *_: None)
    sweep = view().sweeps[SWEEP].info.run_id
    view().client.set_tag(sweep, "mlflow.note.content", "mine")
    stored.join(trials[1])
    synchronise(settings, [], lambda *_: None)

    tags = view().sweeps[SWEEP].data.tags
    assert (tags["mlflow.note.content"], tags["combo.trials"]) == ("mine", "1 finished, 1 not started")
