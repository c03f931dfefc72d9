"""A user's own paper: what its files say together, and how mistakes in them are told."""

import json

import pytest
from jsonschema import Draft202012Validator

from experiments.columns import columns_of
from experiments.errors import InputError
from experiments.expand import expand
from experiments.json_schemas import KINDS, json_schema
from experiments.load_experiment import load_experiment
from experiments.load_search import load_search
from experiments.new_paper import new_paper_files
from experiments.paper_checks import paper_problems
from experiments.papers import ROOT, refuse_equal_names, shipped_papers
from experiments.presets import preset_names
from experiments.reported import Column, published_rows, reported_value
from experiments.target_files import experiment_names, read_target_file, search_names
from experiments.yaml_files import read_yaml
from orchestrator.profiles.profile import Profile
from tests.own_papers import PAPER, write_paper

EXPERIMENT = """
title: Own settings
preset: combo_demo
tasks: [s4]
variants:
  - {name: one, label: "1", reported: first}
  - {name: two, label: "2"}
table: {caption: An answer, row_header: variant, published: [{label: Others, methods: [AVSBench]}]}
"""
SEARCH = """
title: Learning rate
preset: combo_demo
task: s4
space: {optim.lr: {log_uniform: [1e-4, 1e-2]}}
trials: 2
"""
REPORTED = """
records:
  - {table: ours, row: {method: Ours, variant: first}, subset: s4, metric: m_j, value: 70.5, value_text: "70.50"}
  - {table: ours, row: {method: AVSBench}, subset: s4, metric: m_j, value: 72.79, cite: {key: me2026mine}}
"""
FILES = {"ours.yaml": EXPERIMENT, "reported.yaml": REPORTED, "search/rate.yaml": SEARCH}


@pytest.fixture(autouse=True)
def folder_of_the_paper(tmp_path, monkeypatch):
    """Messages call files from the present folder."""
    monkeypatch.chdir(tmp_path)


def problems(folder, **changed):
    """What is told of a paper with other files, file by file where each is read."""
    files = FILES | {f"{name}.yaml": text for name, text in changed.items()}
    try:
        paper = write_paper(folder / "mine", files)
        load_experiment("mine/ours.yaml")
        found = [*paper_problems(paper)]
    except InputError as error:
        found = error.problems
    return [str(problem) for problem in found]


def test_a_paper_without_mistakes_has_none(tmp_path):
    assert problems(tmp_path) == []


MISTAKES = {
    "an unknown key": (
        {"paper": PAPER + "titel: twice\n"},
        "mine/paper.yaml: titel: unknown key (did you mean 'title'?)",
    ),
    "the name of a paper that ships": (
        {"paper": PAPER.replace("name: mine", "name: combo")},
        "mine/paper.yaml: name: is 'combo', which experiments/combo/paper.yaml is called already (choose another name)",
    ),
    "another paper than that of its folder": (
        {"ours": EXPERIMENT + "paper: combo\n"},
        "mine/ours.yaml: paper: is 'combo', but mine/paper.yaml says 'mine' (leave it out)",
    ),
    "a citation that is in no bibliography": (
        {"paper": PAPER.replace("me2026mine", "me2026mien")},
        "mine/paper.yaml: cite.key: 'me2026mien' is not in references.bib (did you mean 'me2026mine'?)",
    ),
    "a number whose source is in no bibliography": (
        {"reported": REPORTED.replace("{key: me2026mine}", "{key: zhou2022avs}")},
        "mine/reported.yaml: records.1.cite.key: 'zhou2022avs' is not in references.bib "
        "(add its entry to references.bib)",
    ),
    "a number of others without a source": (
        {"reported": REPORTED.replace(", cite: {key: me2026mine}", "")},
        "mine/reported.yaml: records.1.cite: a number of AVSBench needs its source (add cite: {key: …})",
    ),
    "a number of a row that is not there": (
        {"reported": REPORTED.replace("variant: first", "variant: frist")},
        "mine/ours.yaml: variants.0.reported: 'first' is no row of mine/reported.yaml (did you mean 'frist'?)",
        "mine/reported.yaml: records.0.row: 'Ours frist' is no row of mine/ours.yaml, table ours "
        "(name it under reported of a variant)",
    ),
    "a number of a method that is not there": (
        {"reported": REPORTED.replace("AVSBench", "AVSBanch")},
        "mine/reported.yaml: records.1.row: 'AVSBanch' is no row of mine/ours.yaml, table ours "
        "(add the method to table.published)",
    ),
    "a number of a table that is not there": (
        {"reported": REPORTED.replace("- {table: ours, row: {method: AVS", "- {table: our, row: {method: AVS")},
        "mine/reported.yaml: records.1.table: 'our' is the table of no experiment of mine (did you mean 'ours'?)",
    ),
    "a misspelt part of a number": (
        {"reported": REPORTED.replace("subset: s4, metric: m_j, value: 72", "subset: s4, metrik: m_j, value: 72")},
        "mine/reported.yaml: records.1.metric: required key is missing (add it)",
        "mine/reported.yaml: records.1.metrik: unknown key (did you mean 'metric'?)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_with_file_and_key(mistake, tmp_path):
    changed, *told = MISTAKES[mistake]
    assert problems(tmp_path, **changed) == told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("paper: comboo\n", "paper: names no paper: 'comboo' (did you mean 'combo'?)"),
        ("", "paper: required key is missing (add it, as combo or avs-bigen; or make a paper of your own: combo new)"),
    ],
)
def test_a_file_in_no_papers_folder_names_one_that_ships(line, told, tmp_path):
    path = tmp_path / "alone.yaml"
    path.write_text(EXPERIMENT.replace(", reported: first", "") + line)
    with pytest.raises(InputError) as refused:
        load_experiment(str(path))
    assert [str(one) for one in refused.value.problems] == [f"{path}: {told}"]

    path.write_text(EXPERIMENT.replace(", reported: first", "") + "paper: combo\n")
    assert load_experiment(str(path)).paper in shipped_papers()


def test_papers_of_one_name_are_not_reported_together(tmp_path):
    papers = [write_paper(tmp_path / folder) for folder in ("a", "b")]
    with pytest.raises(InputError, match=r"b/paper.yaml: name: is 'mine', which .*a/paper.yaml is called already"):
        refuse_equal_names(papers)


def test_what_an_experiment_leaves_out_is_its_papers_and_its_files(tmp_path):
    paper = write_paper(tmp_path / "folder", {**FILES, "paper.yaml": PAPER + "metrics: [m_f, parameters]\n"})
    scaled = load_experiment(str(paper.path("ours")))
    assert (scaled.name, scaled.paper.name, scaled.experiment.table.number) == ("folder/ours", "mine", "ours")
    assert columns_of(scaled.experiment) == (Column("s4", "m_f"), Column(None, "parameters"))
    assert [trial.experiment for trial in expand(scaled)] == ["folder/ours"] * 2


def test_reported_numbers_are_found_by_row_and_column(tmp_path):
    paper = write_paper(tmp_path / "mine", FILES)
    one, two = load_experiment(str(paper.path("ours"))).experiment.variants
    value = reported_value(paper, "ours", one, Column("s4", "m_j"))
    assert (value.value, value.printed, value.paper, value.cite.key) == (70.5, "70.50", "Mine", "me2026mine")
    assert reported_value(paper, "ours", two, Column("s4", "m_j")) is None
    (row,) = published_rows(paper, "ours", "AVSBench", [Column("s4", "m_j")])
    assert [(value.value, value.printed, value.record) for value in row.values.values()] == [(72.79, "72.79", "ours-1")]


def test_reported_numbers_that_change_are_read_again(tmp_path):
    paper = write_paper(tmp_path / "mine", FILES)
    (one, _), column = load_experiment(str(paper.path("ours"))).experiment.variants, Column("s4", "m_j")
    assert reported_value(paper, "ours", one, column).value == 70.5
    (paper.folder / "reported.yaml").write_text(REPORTED.replace("70.5,", "71.5,"))
    assert reported_value(paper, "ours", one, column).value == 71.5


def test_in_the_folder_of_a_paper_its_files_are_known(tmp_path, monkeypatch):
    paper = write_paper(tmp_path / "mine", FILES)
    everywhere = experiment_names()
    for place, name in ((paper.folder, "ours.yaml"), (paper.folder / "search", "../ours.yaml")):
        monkeypatch.chdir(place)
        assert set(experiment_names()) - {*everywhere} == {name}
        assert load_experiment(name).name == "mine/ours"
    monkeypatch.chdir(paper.folder)
    assert "search/rate.yaml" in search_names()
    assert load_search("search/rate.yaml").name == "mine/search/rate"
    for no_target in ("paper.yaml", "reported.yaml"):
        with pytest.raises(InputError, match="no such experiment"):
            read_target_file(no_target)


def kind_of(path):
    """What a file of a paper, or of all papers, is."""
    folders = {"presets": "preset", "scales": "scale", "search": "search"}
    return path.stem if path.stem in KINDS else folders.get(path.parent.name, "experiment")


@pytest.fixture(scope="module")
def validators():
    """By kind of file, what holds it against its JSON schema."""
    return {kind: Draft202012Validator(json_schema(model)) for kind, model in KINDS.items()}


def test_every_file_that_ships_fits_its_schema(validators):
    paths = [*ROOT.glob("*/*.yaml"), *ROOT.glob("*/reported.json")]
    found = {path: json.loads(path.read_text()) if path.suffix == ".json" else read_yaml(path) for path in paths}
    assert {path: list(validators[kind_of(path)].iter_errors(said)) for path, said in found.items()} == {
        path: [] for path in paths
    }
    assert {*map(kind_of, paths)} == {*KINDS}


def test_a_new_paper_fits_its_schemas_and_names_them(validators, tmp_path):
    files = new_paper_files("mine", "mine")
    paper = write_paper(tmp_path / "mine", files)
    for path in paper.files():
        if path.suffix == ".yaml":
            first, _ = path.read_text().split("\n", 1)
            named = path.parent / first.removeprefix("# yaml-language-server: $schema=")
            assert json.loads(named.read_text()) == validators[kind_of(path)].schema
            assert list(validators[kind_of(path)].iter_errors(read_yaml(path))) == []
    assert [*paper_problems(paper)] == []
    assert len(expand(load_experiment(str(paper.path("ablation")), "quick"))) == 4
    assert load_search(str(paper.folder / "search" / "learning_rate.yaml"), "quick").trials == 3
    assert {*preset_names(paper)} - {*preset_names()} == {"small"}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("experiment", {"overrides": {"loss.lamda_ada": 5}}),
        ("experiment", {"overrides": {"loss.lambda_ada": -1}}),
        ("experiment", {"overrides": {"data.task": "s4"}}),
        ("experiment", {"tasks": ["s5"]}),
        ("experiment", {"varients": []}),
        ("search", {"space": {"optim.lrr": {"choice": [1, 2]}}}),
        ("search", {"trials": 0}),
    ],
)
def test_an_editor_marks_what_would_be_refused(validators, kind, changes):
    said = read_yaml(ROOT / ("combo/table7.yaml" if kind == "experiment" else "search/lambda_ada.yaml"))
    assert list(validators[kind].iter_errors(said | changes))


def test_an_editor_shows_what_settings_and_keys_mean(validators):
    experiment = validators["experiment"].schema
    assert experiment["properties"]["preset"]["description"] == "Where its trials start."
    settings = experiment["$defs"]["Settings"]["properties"]
    assert settings["optim.algorithm"]["enum"] == ["adamw", "adam"]
    assert settings["optim.algorithm"]["description"].startswith("adamw: as released")
    assert {"loss.lambda_ada", "loss.eta"} <= settings.keys()


def test_a_profile_has_a_schema_too():
    validator = Draft202012Validator(json_schema(Profile))
    assert not list(validator.iter_errors({"storage": "/lab/trials", "s3": {"secret_key": {"env": "KEY"}}}))
    assert list(validator.iter_errors({"storag": "/lab/trials"}))
