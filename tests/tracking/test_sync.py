"""`combo sync`: MLflow becomes what storage is, whatever it was before."""

import math
from dataclasses import replace

import pytest
from mlflow import MlflowClient
from mlflow_view import View
from stored_trials import NOON, SWEEP, StoredTrials, evaluation, lines, step

from experiments.expand import expand
from experiments.identity import flatten
from experiments.load_experiment import load_experiment
from orchestrator.tracking.run_content import read_content
from orchestrator.tracking.synchronise import synchronise

UP_TO_DATE = "MLflow holds {} runs, all up to date\n"


@pytest.fixture
def sync(command, stored):
    """The command, which must succeed; returns its output."""

    def run(*words):
        said = command("sync", *words, "--storage", stored.store.root)
        assert (said.code, said.err) == (0, "")
        return said.out

    return run


@pytest.fixture
def three(stored, trials):
    """A trial that finished after a second attempt, one that failed, one whose process was killed."""
    finished, failed, killed = trials
    for trial in trials:
        stored.join(trial)
    stored.measure(finished, [*lines(1, 1, 12), *lines(2, 11, 20)])
    stored.finish(finished)
    stored.measure(failed, lines(1, 1, 3))
    stored.fail(failed, "the clip is too short")
    stored.measure(killed, lines(1, 1, 7))
    return trials


def wanted_points(stored, trial):
    """Every stored point as MLflow shows it."""
    points = read_content(stored.folder(trial), []).points
    return {(p.name, p.step, p.time, repr(float(p.value))): 1 for name in points.names() for p in points.of(name)}


def test_f12_an_empty_mlflow_gets_exactly_what_is_stored(sync, stored, three, view):
    assert sync() == "MLflow holds 4 runs, 4 of them changed now\n"

    seen = view()
    (parent,) = seen.sweeps.values()
    assert (parent.data.tags["combo.sweep"], parent.info.status) == (SWEEP, "KILLED")
    assert [seen.trials[trial.key].info.status for trial in three] == ["FINISHED", "FAILED", "KILLED"]
    for trial in three:
        run = seen.trials[trial.key]
        assert run.info.run_name == trial.label
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.params == {name: str(value) for name, value in flatten(trial.config).items()}
        assert seen.points(run) == wanted_points(stored, trial)


def test_a_finished_trial_has_its_scores_artifacts_data_set_and_times(sync, three, view):
    sync()

    seen = view()
    run = seen.trials[three[0].key]
    assert run.data.metrics["test/m_j_percent"] == 61.0
    assert run.data.metrics["quarantined/train"] == 1
    assert seen.artifacts(run) == {"trial.json", "result.json", "scores.parquet", "pictures/clip-0.png"}
    assert (run.info.start_time, run.info.end_time) == ((NOON + 1) * 1000, (NOON + 1200) * 1000)
    (data,) = (one.dataset for one in run.inputs.dataset_inputs)
    assert (data.name, data.digest) == ("AVSBench S4", "d" * 16)
    assert data.profile == '{"train_clips": 30, "val_clips": 5, "test_clips": 10}'


@pytest.mark.usefixtures("three")
def test_f10_the_second_time_nothing_is_written(sync, stored):
    sync()
    files = [path for path in stored.store.root.glob("mlflow*") if path.is_file()]
    before = [path.read_bytes() for path in files]

    assert sync() == UP_TO_DATE.format(4)
    assert [path.read_bytes() for path in files] == before


def test_what_was_stored_meanwhile_is_added_to_the_same_run(sync, stored, three, view):
    sync()
    killed = three[2]
    known = view().trials[killed.key].info.run_id
    stored.measure(killed, lines(2, 8, 20))
    stored.finish(killed)

    assert sync() == "MLflow holds 4 runs, 2 of them changed now\n"
    run = view().trials[killed.key]
    assert (run.info.run_id, run.info.status) == (known, "FINISHED")
    assert view().points(run) == wanted_points(stored, killed)
    assert view().sweeps[SWEEP].info.status == "FAILED"


def test_a_trial_that_repeats_lost_steps_keeps_its_run(sync, stored, three, view):
    sync()
    killed = three[2]
    before = view().trials[killed.key]
    lost = view().points(before)
    stored.measure(killed, [step(2, 4)])
    sync()
    assert "val/m_j_percent" not in read_content(stored.folder(killed), []).points.names()
    stored.measure(killed, lines(2, 5, 20))
    stored.finish(killed)
    sync()

    run = view().trials[killed.key]
    assert run.info.run_id == before.info.run_id
    assert view().points(run) == lost | wanted_points(stored, killed)
    assert run.data.metrics["val/m_j_percent"] == 100 * evaluation(2, 20).values["m_j"]
    assert sync() == UP_TO_DATE.format(4)


def test_a_run_with_points_that_nobody_measured_is_made_anew_with_what_the_user_wrote(sync, stored, three, view):
    sync()
    killed = three[2]
    run = view().trials[killed.key]
    view().client.log_metric(run.info.run_id, "train/lr", 1.0, step=3)
    view().client.set_tag(run.info.run_id, "mlflow.note.content", "looks odd")
    view().client.set_tag(run.info.run_id, "mine", "yes")
    stored.measure(killed, lines(2, 8, 20))
    stored.finish(killed)
    sync()

    anew = view().trials[killed.key]
    assert view().points(anew) == wanted_points(stored, killed)
    assert (anew.data.tags["mlflow.note.content"], anew.data.tags["mine"]) == ("looks odd", "yes")
    assert sync() == UP_TO_DATE.format(4)


def test_the_uncommitted_code_of_every_attempt_is_an_artifact_also_of_a_trial_that_failed(sync, stored, three, view):
    finished, failed, _ = three
    for trial, attempt in ((finished, 1), (finished, 2), (failed, 1)):
        stored.folder(trial).write_patch(attempt, f"+lr = {attempt}\n")
    sync()

    seen = view()
    assert {"code/attempt-1.patch", "code/attempt-2.patch"} < seen.artifacts(seen.trials[finished.key])
    assert seen.artifacts(seen.trials[failed.key]) == {"code/attempt-1.patch"}
    logged = (stored.store.root / "mlflow-artifacts").rglob("attempt-2.patch")
    assert [path.read_text() for path in logged] == ["+lr = 2\n"]
    assert sync() == UP_TO_DATE.format(4)


def test_deleted_runs_and_lost_artifacts_come_back(sync, stored, three, view):
    sync()
    seen = view()
    seen.client.delete_run(seen.trials[three[1].key].info.run_id)
    seen.client.delete_run(seen.sweeps[SWEEP].info.run_id)
    (picture,) = (stored.store.root / "mlflow-artifacts").rglob("clip-0.png")
    picture.unlink()
    sync()

    again = view()
    assert again.points(again.trials[three[1].key]) == wanted_points(stored, three[1])
    assert again.trials[three[0].key].data.tags["mlflow.parentRunId"] == again.sweeps[SWEEP].info.run_id
    assert "pictures/clip-0.png" in again.artifacts(again.trials[three[0].key])
    assert sync() == UP_TO_DATE.format(4)


def test_a_run_that_says_running_although_its_process_was_killed_is_ended(sync, three, view):
    sync()
    seen = view()
    for run in (seen.trials[three[2].key], seen.trials[three[0].key], seen.sweeps[SWEEP]):
        seen.client.update_run(run.info.run_id, status="RUNNING")
    sync()

    again = view()
    assert [again.trials[trial.key].info.status for trial in three] == ["FINISHED", "FAILED", "KILLED"]
    assert again.sweeps[SWEEP].info.status == "KILLED"


def test_of_two_runs_of_one_trial_one_stays(sync, three, view):
    sync()
    seen = view()
    run = seen.trials[three[0].key]
    seen.client.create_run(run.info.experiment_id, tags={"combo.trial_key": three[0].key})
    sync()

    assert view().trials[three[0].key].info.run_id == run.info.run_id


def test_metrics_of_the_user_are_left_alone(sync, three, view):
    sync()
    run = view().trials[three[0].key]
    view().client.log_metric(run.info.run_id, "mine/human_score", 4.5)

    assert sync() == UP_TO_DATE.format(4)
    assert view().trials[three[0].key].data.metrics["mine/human_score"] == 4.5


def test_nan_and_infinity_arrive_once(sync, stored, trials, view):
    stored.measure(trials[0], [step(1, 1, math.nan), step(1, 2, math.inf), evaluation(1, 2)])
    sync()
    stored.measure(trials[0], [step(1, 3)])
    sync()

    assert view().points(view().trials[trials[0].key]) == wanted_points(stored, trials[0])
    assert sync() == UP_TO_DATE.format(1)


@pytest.mark.usefixtures("three")
def test_only_the_named_experiments_are_looked_at(sync, stored, view):
    other = expand(load_experiment("combo/table6"))[-1].on_data("d" * 16)
    stored.join(other, "combo-table6")
    stored.measure(other, lines(1, 1, 2))
    sync("combo/table6")

    assert set(view().trials) == {other.key}


@pytest.mark.usefixtures("three")
def test_an_experiment_without_trials_is_refused(command, stored):
    said = command("sync", "combo/table8", "--storage", stored.store.root)

    assert (said.code, said.out) == (2, "")
    assert said.err == "error: combo/table8: has no trials in this storage (did you mean 'combo/table7'?)\n"


def test_a_damaged_trial_is_told_and_the_others_are_written(command, stored, three, view):
    (stored.folder(three[1]).path / "trial.json").write_text("{")
    said = command("sync", "--storage", stored.store.root)

    assert said.code == 2
    assert f"left out: {stored.folder(three[1]).path / 'trial.json'}: is damaged" in said.out
    assert set(view().trials) == {three[0].key, three[2].key}


@pytest.mark.usefixtures("three")
def test_an_mlflow_that_is_away_is_one_sentence_without_the_password(command, stored, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ada:hunter2-secret@127.0.0.1:9")
    said = command("sync", "--storage", stored.store.root)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: MLflow at http://***@127.0.0.1:9: cannot be reached: Connection refused (see ")
    assert said.err.count("\n") == 1
    assert "hunter2" not in said.err


def _shared(settings, trials, folder):
    """Two storages on one MLflow; the second has the first trial only. Each with its settings."""
    both = []
    for number, name in enumerate(("mine", "theirs")):
        stored = StoredTrials(folder / name)
        for trial in trials[: 2 - number]:
            stored.join(trial)
            stored.measure(trial, lines(1, 1, 5 + number))
        both.append(replace(settings, storage=stored.storage))
    return both


def test_runs_of_another_storage_on_the_same_server_are_left_alone(settings, trials, tmp_path):
    mine, theirs = _shared(settings, trials, tmp_path)
    changed = [synchronise(one, [], lambda *_: None).changed for one in (mine, theirs, mine, theirs)]
    assert changed == [3, 2, 0, 0]

    client = MlflowClient(tracking_uri=settings.tracking_uri)
    paper = client.get_experiment_by_name("combo").experiment_id
    for run in client.search_runs([paper]):
        client.update_run(run.info.run_id, status="RUNNING")
    client.create_run(paper, tags={"combo.trial_key": trials[2].key})
    synchronise(theirs, [], lambda *_: None)
    running = client.search_runs([paper], "attributes.status = 'RUNNING'")
    assert [run.data.tags.get("combo.storage") for run in running].count(str(mine.storage)) == 3
    assert len(running) == 4


def test_a_storage_that_moved_with_its_embedded_mlflow_keeps_its_runs(sync, command, stored, three, tmp_path):
    sync()
    stored.store.root.rename(tmp_path / "moved")
    said = command("sync", "--storage", tmp_path / "moved")

    assert said.code == 0
    runs = View(f"sqlite:///{tmp_path / 'moved' / 'mlflow.db'}")
    assert set(runs.trials) == {trial.key for trial in three}
    again = command("sync", "--storage", tmp_path / "moved")
    assert again.out == UP_TO_DATE.format(4)
