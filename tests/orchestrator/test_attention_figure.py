"""Two models side by side, and the attention of one, by the real command from tiny trained trials."""

import pytest
import torch
from driver import Driver

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.papers import shown
from experiments.printed_commands import Caller
from model.data.fingerprint import trial_fingerprint
from model.data.synthetic.writer import write_synthetic
from model.training.workers import Workers
from orchestrator.report_inputs.figure_data import paper_figures
from orchestrator.run_config import RunConfig
from orchestrator.settings import Settings
from orchestrator.storage.folder import FolderStorage
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from reports.stored.predictions import read_predictions
from reports.stored.results import read_results
from tests.own_papers import write_paper

EXPERIMENT = """
title: Two models
preset: bigen_demo
tasks: [ms3]
overrides: {data.size: 32, training.batch: 2, training.iterations: 1, training.evaluate_every: 1}
variants:
  - {name: baseline, label: AVSBench, preset: avsbench_demo}
  - {name: bigen, label: AVS-BiGen}
table: {number: "2", caption: C., row_header: Method}
"""
FIGURES = """
figures:
  - number: "5"
    kind: comparison
    title: Predictions
    caption: Two models.
    blocks: [{experiment: two, task: ms3}]
    rows: [{variant: baseline, label: AVSBench}, {variant: bigen, label: AVS-BiGen}]
  - number: "6"
    kind: attention_maps
    title: Attention
    caption: By stage.
    trained: {experiment: two, task: ms3}
    rows:
      - {variant: bigen, map: correlation-1, label: fine}
      - {variant: bigen, map: audio-visual-4, label: coarse}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_synthetic("ms3", folder, 8, seed=1, size=32)
    return folder


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    """A paper of one's own with one experiment."""
    return write_paper(tmp_path_factory.mktemp("papers") / "mine", {"two.yaml": EXPERIMENT, "figures.yaml": FIGURES})


@pytest.fixture
def missing(paper, data):
    """Why figures cannot be drawn from a storage."""

    def read(storage, text=FIGURES):
        (paper.folder / "figures.yaml").write_text(text)
        settings = Settings(FolderStorage(storage), data, tracking_uri="", ray_address=None)
        drawn = paper_figures([paper], {}, "full", settings, read_results(storage, None), Caller())
        return [figure.missing for figure in drawn]

    yield read
    (paper.folder / "figures.yaml").write_text(FIGURES)


@pytest.fixture(scope="module")
def storage(tmp_path_factory, data, paper):
    """Both trials, finished."""
    folder = tmp_path_factory.mktemp("storage")
    torch.set_num_threads(1)
    for unbound in expand(load_experiment(str(paper.path("two")))):
        trial = unbound.on_data(trial_fingerprint(data, unbound.config))
        context = RunContext(FolderStorage(folder), data=data, commit=None, config=RunConfig(checkpoint_every=1))
        for _ in run_trial(trial, context, Workers(), Driver()):
            pass
    return folder


def test_every_prediction_keeps_the_attention_that_its_model_names(storage):
    kept = {}
    for trial in (storage / "trials").iterdir():
        predictions, problems = read_predictions(trial)
        assert (problems, len(predictions)) == ([], 1)
        kept[frozenset(predictions[0].attention)] = predictions[0].attention
    stages = [f"{name}-{stage}" for name in ("audio-visual", "correlation") for stage in range(1, 5)]
    assert kept.keys() == {frozenset(), frozenset(stages)}
    maps = kept[frozenset(stages)]
    assert [maps[name].shape for name in stages[:4]] == [(5, 32 // stride, 32 // stride) for stride in (4, 8, 16, 32)]
    assert all(one.min() >= 0 and one.max() <= 1 for one in maps.values())
    assert maps["correlation-1"].std() > 0


def test_both_figures_are_drawn_once_their_trials_are_finished(storage, data, command, paper, tmp_path):
    out = tmp_path / "out"
    said = command(
        "report", "build", paper.folder, "--storage", storage, "--data", data, "--out", out, "--without-mlflow"
    )
    assert said.code == 0, said.err
    page = (out / "figures.html").read_text()
    for number in ("5", "6"):
        assert (out / "figures" / f"mine-figure{number}.png").is_file()
    for text in ("AVSBench", "Colour is attention, from the lowest to the highest", "fine 0.", "coarse 0."):
        assert text in page


def test_what_is_missing_is_said_with_the_command_that_gives_it(storage, missing, paper, tmp_path):
    (tmp_path / "empty").mkdir()
    why = f"has no finished trial on MS3; to train it: combo run {shown(paper.path('two'))}"
    assert missing(tmp_path / "empty") == [f"baseline {why}", f"bigen {why}"]

    drawn, refused = missing(storage, FIGURES.replace("correlation-1", "tpavi-1"))
    assert drawn == ""
    assert refused.startswith("bigen has no attention map 'tpavi-1' (trial ")
    assert "correlation-1" in refused
