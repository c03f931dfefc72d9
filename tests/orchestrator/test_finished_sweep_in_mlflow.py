"""What a user finds in MLflow after `combo run`."""

from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from mlflow_runs import Runs

from experiments.identity import flatten
from experiments.records import TrialRecord

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(sweep):
    return Runs(sweep.combo.storage)


@pytest.fixture(scope="module")
def pairs(sweep, runs):
    """Each trial directory with its run."""
    return [(trial, runs.nested[trial.path.name]) for trial in sweep.trials]


def test_the_sweep_is_one_finished_run_with_one_finished_run_per_trial_below_it(sweep, runs):
    (parent,) = runs.parents
    assert parent.info.status == "FINISHED"
    assert set(runs.nested) == {trial.path.name for trial in sweep.trials}
    for run in runs.nested.values():
        assert run.info.status == "FINISHED"
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_params_are_the_resolved_configuration(pairs):
    for trial, run in pairs:
        config = TrialRecord.model_validate_json((trial.path / "trial.json").read_bytes()).config
        assert run.data.params == {key: str(value) for key, value in flatten(config).items()}


def test_training_losses_are_there_at_every_step_and_validation_at_every_evaluation(runs, pairs):
    for _, run in pairs:
        assert runs.steps(run, "train/loss_total") == [1, 2, 3, 4, 5, 6]
        assert runs.steps(run, "val/m_j_percent") == [3, 6]


def test_test_scores_equal_those_of_the_result(pairs):
    for trial, run in pairs:
        assert run.data.metrics["test/m_j_percent"] == pytest.approx(100 * trial.result.score.m_j, abs=1e-9)
        assert run.data.metrics["test/m_f_percent"] == pytest.approx(100 * trial.result.score.m_f, abs=1e-9)


def test_artifacts_are_the_documents_and_pictures_of_the_trial(runs, pairs):
    for trial, run in pairs:
        assert runs.artifacts(run) == {"trial.json", "result.json", "scores.parquet", "pictures"}
        pictures = {f"pictures/{path.name}" for path in (trial.path / "pictures").iterdir()}
        assert runs.artifacts(run, "pictures") == pictures


def test_a_tag_leads_to_the_checkpoint_that_was_tested(pairs):
    for trial, run in pairs:
        folder = Path(unquote(urlparse(run.data.tags["combo.checkpoint"]).path))
        assert folder == trial.path / trial.result.checkpoint
        assert (folder / "model.safetensors").is_file()
