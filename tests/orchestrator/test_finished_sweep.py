"""What a user finds after `combo run`: on the screen, in the trial directories, and on asking again."""

import csv
import json
import re
import shutil
import time
from math import fsum

import pyarrow.parquet as pq
import pytest
from combo_command import TINY, Combo

from experiments.expand import expand
from experiments.identity import trial_key
from experiments.load_experiment import load_experiment
from experiments.records import SCORE_COLUMNS, MetricLine, TrialRecord
from model.data.avsbench import AVSBench
from model.data.fingerprint import data_fingerprint
from model.weights.folder import damaged_file, file_checksum
from orchestrator.planning.plan import make_plan, trials_on_data
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store

NAME = "tiny-group-[0-9a-f]{8}"
pytestmark = pytest.mark.slow
STEPS, EVALUATIONS = [1, 2, 3, 4, 5, 6], [3, 6]


def _lines(trial, kind):
    text = trial.metrics_file(1).read_text()
    lines = [MetricLine.model_validate_json(line) for line in text.splitlines()]
    return [line for line in lines if line.kind == kind]


def test_the_run_succeeds_and_says_what_was_done(sweep):
    assert sweep.run.returncode == 0, sweep.run.stderr
    assert sweep.run.stderr == ""
    assert re.search(f"{NAME}: 3 trials, 0 finished, 0 to continue, 3 to start", sweep.run.stdout)
    assert "lambda-20 s4 seed 0: step 6/6, val M_J" in sweep.run.stdout
    assert f"3 of 3 trials finished, stored in {sweep.combo.storage}" in sweep.run.stdout


def test_no_process_outlives_the_run(sweep):
    assert sweep.left_over == []


def test_every_trial_of_the_experiment_has_its_directory_under_its_key(sweep, data):
    fingerprint = data_fingerprint(data, "s4")
    wanted = {trial.on_data(fingerprint).key for trial in expand(load_experiment(str(TINY), "group"))}

    assert {trial.path.name for trial in sweep.trials} == wanted
    for trial in sweep.trials:
        record = TrialRecord.model_validate_json((trial.path / "trial.json").read_bytes())
        assert record.key == trial_key(record.config) == trial.path.name


def test_metrics_hold_every_step_and_every_evaluation_once(sweep):
    for trial in sweep.trials:
        assert [line.step for line in _lines(trial, "step")] == STEPS
        assert [line.step for line in _lines(trial, "evaluation")] == EVALUATIONS
        assert trial.attempts == 1


def test_the_best_validation_is_the_one_that_was_tested(sweep):
    for trial in sweep.trials:
        best = max(_lines(trial, "evaluation"), key=lambda line: line.values["m_j"])
        assert trial.result.best_step == best.step
        assert trial.result.validation.m_j == best.values["m_j"]


def test_the_reported_score_follows_from_the_clips_of_the_test_split(sweep, data):
    clips = sorted(entry.name for entry in AVSBench(data, "s4", "test", size=32).entries)
    for trial in sweep.trials:
        table = pq.read_table(trial.path / "scores.parquet")
        score = trial.result.score
        assert tuple(table.column_names) == SCORE_COLUMNS
        assert sorted(table["clip"].to_pylist()) == clips
        assert fsum(table["m_j"].to_pylist()) == score.j_sum
        assert fsum(table["m_f"].to_pylist()) == score.f_sum
        assert score.count == len(clips)


def test_every_file_of_a_result_has_the_checksum_that_the_result_states(sweep):
    for trial in sweep.trials:
        checksums = trial.result.checksums
        assert {name: file_checksum(trial.path / name) for name in checksums} == checksums
        stated = set(checksums)
        assert {"scores.parquet", "metrics/attempt-1.jsonl", f"{trial.result.checkpoint}/model.safetensors"} < stated
        assert {f"pictures/{path.name}" for path in (trial.path / "pictures").iterdir()} < stated


def test_checkpoints_are_intact_and_the_newest_states_are_kept(sweep):
    for trial in sweep.trials:
        states = sorted(folder.name for folder in trial.checkpoints.glob("step-*"))
        assert states == ["step-00000004", "step-00000006"]
        assert all(damaged_file(folder) is None for folder in trial.checkpoints.iterdir())


def test_a_result_says_how_many_workers_made_it(sweep):
    assert sorted(trial.result.provenance.workers for trial in sweep.trials) == [1, 1, 2]


def test_trained_again_trials_are_identical_and_those_of_two_workers_up_to_rounding(sweep, tmp_path):
    combo = Combo(tmp_path, sweep.data)
    shutil.copytree(sweep.combo.storage, combo.storage)
    keys = {trial.result.provenance.workers: trial.path.name for trial in sweep.trials}
    run = combo("reproduce", *keys.values(), "--json")
    assert run.returncode == 0, run.stderr
    records = {record["key"]: record for record in json.loads(run.stdout)}
    assert records[keys[1]]["verdict"] == "identical"
    two = records[keys[2]]
    assert two["verdict"] == "identical" or two["largest"]["distance"] < 1e-6
    assert "1 worker instead of 2" in two["conditions"]


def test_finished_trials_are_left_out_of_another_plan(sweep, data):
    plan = make_plan(
        "tiny", trials_on_data([load_experiment(str(TINY))], data), Store(FolderStorage(sweep.combo.storage))
    )

    assert plan.count("finished") == 3
    assert plan.to_run == []


def test_running_it_again_does_nothing_and_says_so_quickly(sweep):
    started = time.monotonic()
    again = sweep.combo("run", *sweep.words)

    assert again.returncode == 0
    said, where = again.stdout.splitlines()
    assert re.fullmatch(f"{NAME}: all 3 trials are finished already, nothing to run", said)
    assert re.fullmatch(
        r"in MLflow: http://127\.0\.0\.1:5000/#/experiments/\S+  \(while `.*combo mlflow.*` runs\)", where
    )
    assert time.monotonic() - started < 15


def test_status_shows_the_finished_trials_and_their_scores(sweep):
    shown = sweep.combo("status", *sweep.words).stdout

    for trial in sweep.trials:
        (row,) = (line for line in shown.splitlines() if trial.path.name in line)
        assert "finished" in row
        assert f"{100 * trial.result.score.m_j:.1f}" in row
    assert re.search(f"{NAME}: 3 of 3 trials finished", shown)


def test_status_as_json_is_one_document(sweep):
    document = json.loads(sweep.combo("status", *sweep.words, "--json").stdout)

    assert re.fullmatch(NAME, document["sweep"])
    assert [trial["trial"] for trial in document["trials"]] == [f"lambda-{n} s4 seed 0" for n in (0, 10, 20)]
    assert {trial["state"] for trial in document["trials"]} == {"finished"}


def test_the_report_holds_the_measured_scores_in_every_form(sweep):
    shown = sweep.combo("report", "build", *sweep.words, "--out", "tables").stdout
    folder = sweep.combo.folder / "tables"

    assert "6 cells measured, 0 not" in shown
    with (folder / "tables" / "tiny.csv").open(newline="") as file:
        measured = [float(row["measured"]) for row in csv.DictReader(file) if row["metric"] == "m_j"]
    scores = [100 * trial.result.score.m_j for trial in sweep.trials]
    assert sorted(measured) == pytest.approx(sorted(scores), abs=1e-6)
    for score in scores:
        assert f"{score:.1f}" in shown
        assert f"{score:.1f}" in (folder / "tables" / "tiny.md").read_text()
        assert f"{score:.1f}" in (folder / "tables" / "tiny.tex").read_text()
    assert (folder / "figures" / "tiny-parameter.svg").is_file()
    assert (folder / "index.html").is_file()


def test_the_same_storage_gives_the_same_report(sweep):
    for folder in ("one", "two"):
        sweep.combo("report", "build", *sweep.words, "--out", folder)
    one, two = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (sweep.combo.folder / "one", sweep.combo.folder / "two")
    )
    assert one == two


def test_a_report_of_what_never_ran_says_so(combo: Combo):
    report = combo("report", "build", TINY)

    assert report.returncode == 0
    assert report.stdout.count("not run") == 6
    assert "0 cells measured, 6 not" in report.stdout
