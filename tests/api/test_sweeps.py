"""`combo_lab.sweep` refuses what `combo run` refuses, with the same sentence."""

from pathlib import Path

import combo_lab
import pytest

from experiments.errors import InputError
from experiments.records import FailureRecord
from model.data.errors import DataError
from orchestrator.settings import resolve_settings
from orchestrator.targets import read_runnable_targets
from tests.tracking.stored_trials import StoredTrials, lines

EXPERIMENT = """
title: Two losses
paper: combo
preset: combo_demo
tasks: [s4]
overrides: {data.size: 32, training.batch: 2, training.iterations: 20, training.evaluate_every: 10}
variants:
  - {name: without, label: without, overrides: {loss.lambda_ada: 0}}
  - {name: with, label: with, overrides: {loss.lambda_ada: 10}}
table: {number: A, caption: Two losses., row_header: Loss}
"""


def _finish(stored, trial):
    """Finishes a trial on its own data."""
    stored.finish(trial)
    result = stored.folder(trial).path / "result.json"
    result.write_text(result.read_text().replace("d" * 16, trial.config.data.fingerprint))


@pytest.fixture
def experiment(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text(EXPERIMENT)
    return str(path)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["combo/tabel7"], {}),
        (["combo/table7", "loss.lambda_adda=3"], {}),
        (["0123456789abcdef"], {}),
        (["combo/table7"], {"scale": "dmeo"}),
        (["combo/table7"], {"data": "/nowhere"}),
    ],
)
def test_sentences_are_those_of_the_command(command, words, options, tmp_path):
    typed = [word for name, value in options.items() for word in (f"--{name}", value)]
    said = command("run", *words, *typed, "--storage", tmp_path)
    with pytest.raises((InputError, DataError)) as caught:
        combo_lab.sweep(*words, storage=str(tmp_path), **options)

    assert said.code == 2
    assert str(caught.value) in said.err.replace("error: ", "")


def test_options_out_of_range_and_unknown_ones_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"workers=0: is not in the range 1<=x"):
        combo_lab.sweep("combo/table7", storage=str(tmp_path), workers=0)
    with pytest.raises(TypeError, match="wrokers"):
        combo_lab.sweep("combo/table7", storage=str(tmp_path), wrokers=1)


def test_a_sweep_with_nothing_to_run_returns_its_scores_and_one_with_a_failed_trial_says_why(
    experiment, clips, tmp_path
):
    stored = StoredTrials(tmp_path / "storage")
    settings = resolve_settings(str(stored.store.root), Path(clips))
    targets = read_runnable_targets([experiment], "full", settings, stored.store)
    finished, other = targets.trials
    for trial in targets.trials:
        stored.measure(trial, lines(1, 1, 3))
    _finish(stored, finished)
    moment = "2026-11-21T12:10:00+00:00"
    failed = FailureRecord(
        attempt=1, category="diverged", kind="FloatingPointError", message="loss is nan", time=moment
    )
    stored.folder(other).write_failure(failed)
    asked = {"storage": str(stored.store.root), "data": clips, "quiet": True}
    with pytest.raises(combo_lab.SweepError) as caught:
        combo_lab.sweep(experiment, **asked)
    assert str(caught.value) == ("failed: with s4 seed 0: FloatingPointError: loss is nan\n1 of 2 trials finished")

    _finish(stored, other)
    scores = combo_lab.sweep(experiment, **asked)
    assert set(scores["trial"]) == {finished.key, other.key}
