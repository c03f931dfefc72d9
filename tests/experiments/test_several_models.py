"""Mistakes that only several models make possible: each is told once, with the model that is meant."""

import pytest
from experiment_files import experiment, problems_of

from experiments.errors import InputError
from experiments.overrides import parse_assignments
from experiments.presets import resolve_preset

WORDS = {
    "a setting of another model": (
        "bigen_demo",
        "loss.lambda_ada=5",
        "loss.lambda_ada: is a setting of combo, not of bigen (bigen has loss.lambda_kl)",
    ),
    "a section of another model": (
        "combo_demo",
        "model.tpavi.stages=[1]",
        "model.tpavi.stages: is a setting of avsbench, not of combo (combo has model.name, model.backbone, ",
    ),
    "a misspelt setting of another model": (
        "avsbench_demo",
        "loss.lamda_ada=5",
        "loss.lamda_ada: 'lamda_ada' is not a setting of avsbench trials, loss.lambda_ada is a setting of combo, "
        "not of avsbench (avsbench has loss.lambda_avm)",
    ),
    "a misspelt setting of its own": (
        "avsbench_demo",
        "loss.lamda_avm=5",
        "loss.lamda_avm: 'lamda_avm' is not a setting of avsbench trials (did you mean 'lambda_avm'?)",
    ),
    "another model": (
        "combo_demo",
        "model.name=bigen",
        "model.name: is bigen, but experiments/presets/combo_demo.yaml is a preset of combo "
        "(choose a preset of bigen: bigen_demo, bigen_demo_pvt, bigen_pvt, bigen_r50)",
    ),
    "nothing for a model": ("bigen_demo", "model.name=", "model.name: there is no model 'None' (use one of "),
    "no model": ("combo_demo", "model.name=bigne", "model.name: there is no model 'bigne' (did you mean 'bigen'?)"),
}


@pytest.mark.parametrize("mistake", WORDS)
def test_a_word_of_another_model_is_told_in_one_sentence(mistake, tmp_path):
    preset, word, message = WORDS[mistake]
    (of_experiment,) = problems_of(tmp_path, experiment(preset=preset), assigned=parse_assignments([word]))
    with pytest.raises(InputError) as refusal:
        resolve_preset(preset, "s4", parse_assignments([word]))

    assert of_experiment == str(refusal.value)
    assert of_experiment.startswith(f"command line: {message}")


def test_a_task_that_the_model_lacks_is_told_where_the_task_is_said(tmp_path):
    told = "bigen is not made for avss (use s4 or ms3, or a preset of another model)"
    in_file = experiment(preset="bigen_demo", tasks=["s4", "avss"])
    in_scale = experiment(preset="bigen_demo", scales={"small": {"tasks": ["avss"]}})
    start = {"name": "one", "label": "1", "starts_from": {"s4": "avss"}}

    assert problems_of(tmp_path, in_file) == [f"own.yaml: tasks: {told}"]
    assert problems_of(tmp_path, in_scale, scale="small") == [f"own.yaml: scales.small: tasks: {told}"]
    assert problems_of(tmp_path, experiment(preset="bigen_demo", variants=[start])) == [
        f"own.yaml: starts_from of one: {told}"
    ]
    with pytest.raises(InputError) as refusal:
        resolve_preset("bigen_demo", "avss", {"optim.lr": "fast"})
    assert [str(problem) for problem in refusal.value.problems] == [
        f"--task avss: {told}",
        "command line: optim.lr: input should be a valid number, got 'fast'",
    ]


@pytest.mark.parametrize("setting", [{"loss.eta": 0.5}, {"loss.lambda_avm": 0.1}, {"loss.lambda_ada": 1}])
def test_a_misspelt_preset_is_the_only_mistake_told_whosever_settings_are_laid_over_it(setting, tmp_path):
    assert problems_of(tmp_path, experiment(preset="bigne_demo", overrides=setting)) == [
        "own.yaml: preset: names no preset: 'bigne_demo' (did you mean 'bigen_demo'?)"
    ]


def test_a_scale_that_only_others_have_is_offered(tmp_path):
    assert problems_of(tmp_path, experiment(), scale="smoke") == [
        "own.yaml: has no scale 'smoke' (experiments share a scale of that name; to have it, write scales: "
        "{smoke: {extends: smoke}})"
    ]


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("tasks=[ms3]", "list them in the file or in one of its scales"),
        ("task=ms3", "list it under tasks, in the file or in one of its scales"),
        ("preset=bigen_demo", "name it in the file or in one of its scales"),
        ("scale=small", "say --scale"),
        ("workers=2", "say --workers, or list them in a scale"),
    ],
)
def test_what_is_said_elsewhere_is_no_misspelt_setting(word, remedy, tmp_path):
    key, _, _ = word.partition("=")
    assert problems_of(tmp_path, experiment(), assigned=parse_assignments([word])) == [
        f"command line: {key}: cannot be overridden in an experiment ({remedy})"
    ]


@pytest.mark.parametrize("word", ["tasks=[ms3]", "task=ms3", "data.task=ms3"])
def test_outside_of_an_experiment_the_task_is_an_option(word):
    with pytest.raises(InputError, match=r": cannot be overridden in a preset \(say --task\)$"):
        resolve_preset("combo_demo", "s4", parse_assignments([word]))
