"""A paper and a model of one's own, by the real commands: everything that works on what ships works on them."""

import json
import shutil

import pytest
import torch
from combo_command import Combo
from driver import Driver

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from model.data.fingerprint import trial_fingerprint
from model.training.workers import Workers
from orchestrator.run_config import RunConfig
from orchestrator.storage.folder import FolderStorage
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from tests.own_papers import write_paper
from tests.toy_package import importable, install, not_importable, toy_experiment, toy_files, toy_preset

FIGURES = """
figures:
  - number: "1"
    kind: comparison
    title: Predictions
    caption: Of toys.
    blocks: [{experiment: width, task: s4}]
    rows: [{variant: narrow, label: narrow}, {variant: wide, label: wide}]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that the toy's package is installed in."""
    return install(toy_files(), tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module", autouse=True)
def with_toy(installed):
    with importable(installed):
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where commands are called; the paper lies in it."""
    folder = tmp_path_factory.mktemp("papers")
    files = {"width.yaml": toy_experiment(), "figures.yaml": FIGURES, "presets/toy.yaml": toy_preset()}
    write_paper(folder / "mine", files)
    return folder


@pytest.fixture(scope="module")
def trained(folder, data):
    """The command, with both trials finished in its storage."""
    command = Combo(folder, data)
    torch.set_num_threads(1)
    for unbound in expand(load_experiment(str(folder / "mine" / "width.yaml"))):
        trial = unbound.on_data(trial_fingerprint(data, unbound.config))
        context = RunContext(FolderStorage(command.storage), data=data, commit=None, config=RunConfig())
        for _ in run_trial(trial, context, Workers(), Driver()):
            pass
    return command


def told(run, code=0):
    assert run.returncode == code, run.stderr
    return run.stdout + run.stderr


def test_the_list_names_the_paper_and_the_model_with_its_package(folder, data):
    lines = json.loads(told(Combo(folder / "mine", data)("list", "--json")))
    places = {(line["kind"], line["name"]): line for line in lines}
    assert places["experiments", "width.yaml"]["table"] == "mine/width"
    assert places["presets", "toy"]["title"] == "A toy that learns nothing much, quickly"
    assert places["models", "toy"]["title"] == "trains S4, MS3, AVSS; brought by toy-model 1.0"


def test_a_result_says_which_package_brought_its_model(trained):
    results = [json.loads(path.read_text()) for path in trained.storage.glob("trials/*/result.json")]
    assert [result["provenance"]["packages"]["toy-model"] for result in results] == ["1.0"] * 2


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("model.widht=3", "model.widht: 'widht' is not a setting of toy trials (did you mean 'width'?)"),
        ("model.width=wide", "model.width: input should be a valid integer, got 'wide'"),
        ("loss.lambda_ada=3", "loss.lambda_ada: is a setting of combo, not of toy"),
        ("model.name=tyo", "model.name: there is no model 'tyo' (did you mean 'toy'?)"),
        ("model.name=combo", "model.name: is combo, but mine/presets/toy.yaml is a preset of toy"),
    ],
)
def test_settings_of_an_own_model_are_checked(trained, word, message):
    assert message in told(trained("plan", "mine/width.yaml", word), code=2)


@pytest.mark.parametrize("words", [["mine/width.yaml"], ["mine"]])
def test_plan_and_status_know_what_is_finished(trained, words):
    assert "2 finished" in told(trained("plan", *words))
    assert told(trained("status", *words)).count("finished") >= 2


def test_a_report_has_the_table_the_figure_and_numbers_for_running_text(trained, folder):
    said = told(trained("report", "build", "mine", "--out", folder / "site", "--without-mlflow"))
    assert "Table width. Width of the toy." in said
    assert "4 cells measured, 0 not" in said
    site = folder / "site"
    assert r"\combo@both{mine/}{width/wide/s4/m_j}" in (site / "tables" / "numbers.tex").read_text()
    assert (site / "figures" / "mine-figure1.png").is_file()
    assert "AVS-BiGen" not in (site / "index.html").read_text()


def test_in_its_folder_a_paper_is_what_is_meant_where_nothing_is_named(trained, folder, data):
    here = Combo(folder / "mine", data, COMBO_STORAGE=str(trained.storage))
    assert "2 finished" in told(here("plan", "--all"))
    assert "2 finished" in told(here("plan", "mine/width"))
    assert "4 cells measured, 0 not" in told(here("report", "build", "--out", folder / "again", "--without-mlflow"))


def test_every_number_of_it_follows_from_the_data(trained):
    assert "all 4 cells follow" in told(trained("report", "verify", "mine"))


@pytest.mark.parametrize("words", [["mine"], ["mine/width.yaml"]])
def test_its_evidence_verifies_where_neither_storage_nor_paper_is(trained, folder, tmp_path, words):
    told(trained("report", "bundle", *words, "--out", folder / "evidence.zip"))
    assert "all 4 cells follow" in told(Combo(tmp_path, tmp_path)("report", "verify", folder / "evidence.zip"))


def test_without_its_package_a_model_is_named_as_missing_and_other_tables_are_built(trained, installed, folder):
    with not_importable(installed):
        assert told(trained("plan", "mine/width.yaml"), code=2) == (
            "error: mine/presets/toy.yaml: model.name: there is no model 'toy' (use one of avsbench, combo, bigen)\n"
        )
        for cached in (True, False):
            if not cached:
                shutil.rmtree(trained.storage / "cache")
            said = told(trained("report", "build", "combo/table7", "--out", folder / "others", "--without-mlflow"))
            assert "0 cells measured, 16 not" in said
        assert "there is no model 'toy'" in said
