"""Two models side by side, and the attention of one, by the real command from tiny trained trials."""

import pytest
import torch
from driver import Driver

from experiments import figures
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from model.data.fingerprint import trial_fingerprint
from model.data.synthetic.writer import write_synthetic
from model.training.workers import Workers
from orchestrator.report_inputs import request
from orchestrator.report_inputs.figure_data import paper_figures
from orchestrator.run_config import RunConfig
from orchestrator.settings import Settings
from orchestrator.storage.folder import FolderStorage
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from reports.stored.predictions import read_predictions
from reports.stored.results import read_results

EXPERIMENT = """
title: Two models
paper: avs-bigen
preset: bigen_demo
tasks: [ms3]
overrides: {data.size: 32, training.batch: 2, training.iterations: 1, training.evaluate_every: 1}
variants:
  - {name: baseline, label: AVSBench, preset: avsbench_demo}
  - {name: bigen, label: AVS-BiGen}
table: {number: "2", caption: C., row_header: Method}
"""
FIGURES = """
paper: avs-bigen
figures:
  - number: "5"
    kind: comparison
    title: Predictions
    caption: Two models.
    blocks: [{experiment: EXPERIMENT, task: ms3}]
    rows: [{variant: baseline, label: AVSBench}, {variant: bigen, label: AVS-BiGen}]
  - number: "6"
    kind: attention_maps
    title: Attention
    caption: By stage.
    trained: {experiment: EXPERIMENT, task: ms3}
    rows:
      - {variant: bigen, map: correlation-1, label: fine}
      - {variant: bigen, map: audio-visual-4, label: coarse}
"""
PALETTE = """
paper: combo
figures: [{number: III, kind: palette, title: Colours, caption: By id., colours: 1}]
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_synthetic("ms3", folder, 8, seed=1, size=32)
    return folder


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    path = tmp_path_factory.mktemp("experiment") / "two.yaml"
    path.write_text(EXPERIMENT)
    return path


@pytest.fixture
def defined(experiment, tmp_path, monkeypatch):
    """Puts definitions in the place of those that ship; COMBO has one figure, which shows nothing trained."""

    def written(text=FIGURES):
        folder = tmp_path / "figures"
        folder.mkdir(exist_ok=True)
        (folder / "combo.yaml").write_text(PALETTE)
        (folder / "avs-bigen.yaml").write_text(text.replace("EXPERIMENT", str(experiment)))
        monkeypatch.setattr(figures, "FOLDER", folder)

    return written


@pytest.fixture
def missing(defined, data):
    """Why figures cannot be drawn from a storage."""

    def read(storage, text=FIGURES):
        defined(text)
        settings = Settings(FolderStorage(storage), data, tracking_uri="", ray_address=None)
        drawn = paper_figures(["avs-bigen"], {}, "full", settings, read_results(storage, None))
        return [figure.missing for figure in drawn]

    return read


@pytest.fixture(scope="module")
def storage(tmp_path_factory, data, experiment):
    """Both trials, finished."""
    folder = tmp_path_factory.mktemp("storage")
    torch.set_num_threads(1)
    for unbound in expand(load_experiment(str(experiment))):
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


@pytest.fixture
def nothing_else(monkeypatch, experiment):
    """Lets a report of everything hold no more than this experiment."""
    monkeypatch.setattr(request, "experiment_names", lambda: [str(experiment)])
    monkeypatch.setattr(request, "search_names", list)


@pytest.mark.usefixtures("nothing_else")
def test_both_figures_are_drawn_once_their_trials_are_finished(storage, data, command, defined, tmp_path):
    defined()
    out = tmp_path / "out"
    said = command("report", "build", "--storage", storage, "--data", data, "--out", out, "--without-mlflow")
    assert said.code == 0, said.err
    page = (out / "figures.html").read_text()
    for number in ("5", "6"):
        assert (out / "figures" / f"avs-bigen-figure{number}.png").is_file()
    for text in ("AVSBench", "Colour is attention, from the lowest to the highest", "fine 0.", "coarse 0."):
        assert text in page


def test_what_is_missing_is_said_with_the_command_that_gives_it(storage, missing, tmp_path):
    (tmp_path / "empty").mkdir()
    why = "has no finished trial on MS3; to train it: combo run two"
    assert missing(tmp_path / "empty") == [f"baseline {why}", f"bigen {why}"]

    drawn, refused = missing(storage, FIGURES.replace("correlation-1", "tpavi-1"))
    assert drawn == ""
    assert refused.startswith("bigen has no attention map 'tpavi-1' (trial ")
    assert "correlation-1" in refused
