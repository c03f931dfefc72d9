"""`combo reproduce`: a finished trial trained again and compared with what is stored, which stays as it is."""

import json
import math
import shutil

import pytest
import torch
from combo_command import TINY
from driver import Driver
from safetensors.torch import save_file

from experiments.load_experiment import load_experiment
from experiments.records import FailureRecord
from experiments.reproduction_record import ReproductionRecord
from model.training.workers import Workers
from orchestrator.planning.plan import trials_on_data
from orchestrator.reproduction.comparison import Comparison
from orchestrator.reproduction.measurements import Measurements, stored_measurements
from orchestrator.reproduction.weights import weights_deviation
from orchestrator.run_config import RunConfig
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from reports.stored.stored_trial import read_stored_trial

STEPS, VALIDATED = 6, 3


@pytest.fixture(scope="module")
def trials(data):
    return trials_on_data([load_experiment(str(TINY))], data)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, data, trials):
    """A storage with a finished trial; not to be changed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    storage = FolderStorage(tmp_path_factory.mktemp("reproduce"))
    context = RunContext(storage=storage, data=data, commit="c0ffee1", config=RunConfig(checkpoint_every=2))
    for _ in run_trial(trials[0], context, Workers(), Driver()):
        pass
    torch.set_num_threads(threads)
    return storage.root


@pytest.fixture
def reproduce(finished, data, trials, command, tmp_path, monkeypatch):
    """Runs the command on a copy of that storage; also gives the trial's folder in it."""
    monkeypatch.setenv("COMBO_CACHE", str(tmp_path / "cache"))
    storage = FolderStorage(shutil.copytree(finished, tmp_path / "storage"))

    def run(*words, data=data):
        return command("reproduce", *(words or [trials[0].key]), "--storage", storage.root, "--data", data)

    return run, Store(storage).trial(trials[0].key)


def _files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _change_step(folder, step):
    """Makes the stored total loss of one step a hundredth larger."""
    path = folder.metrics_file(1)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        if (line["kind"], line["step"]) == ("step", step):
            line["values"]["loss_total"] *= 1.01
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def test_an_untouched_trial_is_identical_and_only_the_verdict_is_added(reproduce, tmp_path, command, data):
    run, folder = reproduce
    before = _files(folder.path.parents[1])
    said = run()

    assert (said.code, said.err) == (0, "")
    assert "identical (all 6 steps, 2 validations, weights and test scores compared)" in said.out
    after = _files(folder.path.parents[1])
    added = f"trials/{folder.path.name}/reproductions/1.json"
    assert {name: content for name, content in after.items() if name != added} == before
    assert not list((tmp_path / "cache" / "reproductions").glob("*/checkpoints"))
    record = ReproductionRecord.model_validate_json(after[added])
    assert (record.verdict, record.is_whole, record.largest) == ("identical", True, None)
    assert (record.compared_weights, record.compared_test_scores) == (True, True)
    assert any(told.endswith(" instead of c0ffee1") for told in record.conditions)

    places = ("--storage", folder.path.parents[1], "--data", data)
    verified = command("report", "verify", TINY, *places, "--without-mlflow")
    assert "trained again by `combo reproduce`: 1 of 1 trial, 1 identical over all steps" in verified.out
    out = tmp_path / "reports"
    assert command("report", "build", TINY, *places, "--out", out, "--without-mlflow").code == 0
    assert '"verdict": "identical"' in (out / "tables" / "tiny.json").read_text()
    assert any("Trained again</dt><dd>identical" in page.read_text() for page in out.rglob("*.html"))
    assert "trained again, by " in command("logs", folder.path.name, *places).out


def test_a_changed_curve_differs_from_the_step_that_was_changed(reproduce):
    run, folder = reproduce
    _change_step(folder, 2)

    said = run(folder.path.name, "--steps", 1, "--json")
    (record,) = json.loads(said.out)
    assert (said.code, record["verdict"], record["compared_steps"]) == (0, "identical", 1)
    said = run(folder.path.name, "--steps", 3)
    assert said.code == 1
    assert "differs (the first 3 steps, 1 validation compared)" in said.out
    assert "loss_total of step 2: stored is " in said.out
    assert [record.verdict for record in folder.reproductions()] == ["identical", "differs"]


def test_experiments_leave_trials_without_a_result_out_and_named_ones_are_refused(reproduce, trials):
    run, folder = reproduce
    store = Store(folder.storage)
    store.trial(trials[1].key).begin(trials[1])
    failure = FailureRecord(attempt=1, category="diverged", kind="Error", message="", time="2026-11-01T10:00:00Z")
    store.trial(trials[1].key).write_failure(failure)

    assert "1 trial trained again, 1 identical, 2 without a result left out" in run(TINY, "--steps", 1).out
    said = run(folder.path.name, trials[1].key)
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert f"trial {trials[1].key}: has no result that could be reproduced: it is failed" in said.err


def test_what_cannot_be_compared_is_refused_before_training(reproduce, data, tmp_path):
    run, folder = reproduce
    other = shutil.copytree(data, tmp_path / "other")
    next(other.rglob("gt_masks/test/**/*.png")).write_bytes(b"")
    said = run(data=other)
    assert f"trial {folder.path.name}: was trained on other data than {other} holds" in said.err
    weights = folder.tested_checkpoint / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "is damaged (model.safetensors)" in run().err
    folder.metrics_file(1).unlink()
    said = run(folder.path.name, "--steps", 3)
    assert "has no numbers of its first 3 steps, so there is nothing to compare" in said.err
    assert said.code == 2
    assert not folder.reproductions()


def test_verdicts_of_an_earlier_result_are_not_shown(reproduce):
    run, folder = reproduce
    run(folder.path.name, "--steps", 1)
    assert len(read_stored_trial(folder.path).reproductions) == 1
    folder.result_file.write_text(folder.result_file.read_text() + "\n")
    assert read_stored_trial(folder.path).reproductions == ()


def test_of_steps_that_were_repeated_the_later_attempt_counts(reproduce):
    _, folder = reproduce
    lines = folder.metrics_file(1).read_text().splitlines(keepends=True)
    whole = stored_measurements(folder)
    later = [line.replace('"attempt":1', '"attempt":2') for line in lines if json.loads(line)["step"] > VALIDATED]
    folder.metrics_file(2).write_text("".join(later))
    _change_step(folder, VALIDATED + 1)

    assert stored_measurements(folder) == whole
    assert sorted(whole.steps) == list(range(1, STEPS + 1))
    assert sorted(whole.validations) == [VALIDATED, STEPS]


def test_the_first_difference_beyond_its_tolerance_decides():
    stored = Measurements(
        {step: {"lr": 0.1, "loss_total": 1.0, "gradient_norm": math.inf, "seconds": 1.0} for step in (1, 2, 3)},
        {2: {"m_j": 0.5, "m_f": 0.5}},
    )
    again = Measurements(
        {
            1: {"lr": 0.1, "loss_total": 1.00001, "gradient_norm": math.inf, "seconds": 2.0},
            2: {"lr": 0.1, "loss_total": 1.0, "gradient_norm": math.inf, "seconds": 2.0},
            3: {"lr": 0.1, "loss_total": 0.9, "gradient_norm": 5.0, "seconds": 2.0},
        },
        {2: {"m_j": 0.5004, "m_f": 0.502}},
    )

    def compared(tolerance, score_tolerance, until):
        comparison = Comparison(tolerance, score_tolerance)
        part = Measurements({step: again.steps[step] for step in until}, again.validations if 2 in until else {})
        comparison.compare_training(stored, part, with_validations=True)
        return comparison

    rounded = compared(1e-4, 0.3, (1, 2))
    assert (rounded.verdict, rounded.first) == ("within rounding", None)
    assert (rounded.largest.place, rounded.largest_score.place) == ("loss_total of step 1", "validation m_f of step 2")
    assert rounded.largest_score.distance == pytest.approx(0.2)
    assert compared(1e-6, 0.3, (1, 2)).first.place == "loss_total of step 1"
    assert compared(1e-4, 0.1, (1, 2, 3)).first.place == "validation m_f of step 2"
    beyond = compared(1e-4, 0.3, (1, 2, 3))
    assert (beyond.verdict, beyond.first.place) == ("differs", "loss_total of step 3")
    assert beyond.largest.place == "gradient_norm of step 3"
    assert compared(0, 0, (2,)).steps == 1


def test_weights_are_apart_by_what_differs_and_frozen_ones_do_not_dilute_it(tmp_path):
    frozen, trained = torch.full((100,), 1000.0), torch.ones(4)
    for name, change in (("stored", 0.0), ("again", 0.01)):
        (tmp_path / name).mkdir()
        changed = trained + torch.tensor([0.0, 0.0, change, 0.0])
        save_file({"frozen": frozen, "trained": changed}, tmp_path / name / "model.safetensors")

    found = weights_deviation(tmp_path / "stored", tmp_path / "again", step=3)
    assert (found.place, found.stored) == ("weights, most in trained of step 3", 1.0)
    assert found.distance == pytest.approx(0.01 / 2)
    assert weights_deviation(tmp_path / "stored", tmp_path / "stored", step=3).distance == 0
