"""Every mistake in an experiment is told once, with its place and a way out, together with all others."""

import json

import pytest
from experiment_files import experiment, problems_of

from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.overrides import parse_assignments
from experiments.presets import resolve_preset

VARIANT = {"name": "one", "label": "1"}
TABLE = experiment()["table"]

UNKNOWN_KEYS = {
    "experiment": ({"varients": []}, "own.yaml: varients: unknown key (did you mean 'variants'?)"),
    "variant": (
        {"variants": [{**VARIANT, "overides": {}}]},
        "own.yaml: variants.0.overides: unknown key (did you mean 'overrides'?)",
    ),
    "scale": (
        {"scales": {"small": {"sedes": [1]}}},
        "own.yaml: scales.small.sedes: unknown key (did you mean 'seeds'?)",
    ),
    "table": ({"table": {**TABLE, "metric": []}}, "own.yaml: table.metric: unknown key (did you mean 'metrics'?)"),
    "override": (
        {"overrides": {"loss.lamda_ada": 5}},
        "own.yaml: overrides: loss.lamda_ada: 'lamda_ada' is not a setting of combo trials "
        "(did you mean 'lambda_ada'?)",
    ),
    "override section": (
        {"overrides": {"lost.lambda_ada": 5}},
        "own.yaml: overrides: lost.lambda_ada: 'lost' is not a setting of combo trials (did you mean 'loss'?)",
    ),
    "override of a variant": (
        {"variants": [{**VARIANT, "overrides": {"model.widht": 5}}]},
        "own.yaml: variant 'one': model.widht: 'widht' is not a setting of combo trials (did you mean 'width'?)",
    ),
    "override of a part of a number": (
        {"overrides": {"model.width.x": 5}},
        "own.yaml: overrides: model.width.x: 'x' is not a setting of combo trials (this setting has no parts)",
    ),
    "a model instead of its name": (
        {"overrides": {"model": "avsbench"}},
        "own.yaml: overrides: model: is a section, not a setting (name one of its settings)",
    ),
    "a setting of another model": (
        {"preset": "avsbench_r50", "overrides": {"loss.lambda_ada": 5}},
        "own.yaml: overrides: loss.lambda_ada: is a setting of combo, not of avsbench (avsbench has loss.lambda_avm)",
    ),
    "override of a whole section": (
        {"overrides": {"loss": {"lambda_ada": 5}}},
        "own.yaml: overrides: loss: is a section, not a setting (name one of its settings)",
    ),
}


@pytest.mark.parametrize("level", UNKNOWN_KEYS)
def test_an_unknown_key_is_named_with_its_nearest_neighbour(level, tmp_path):
    changes, message = UNKNOWN_KEYS[level]
    assert problems_of(tmp_path, experiment(**changes)) == [message]


BAD_VALUES = {
    "loss.lambda_ada": [".nan", ".inf", "-1", "'5'", "true", "1e-4x", "null", "[5]"],
    "training.iterations": ["0", "1.5", "400.0", "'400'", "true", "1e400", "9" * 400],
    "training.precision": ["fp8", "32"],
    "optim.betas": ["0.9", "[0.9]", "[0.9, .nan]", "[0.9, '0.99']"],
    "data.size": ["100"],
    "model.fusion.heads": ["7"],
}


def test_more_trials_than_anybody_runs_are_refused_by_their_number(tmp_path):
    many = experiment(variants=[{"name": f"v{n}", "label": ""} for n in range(400)], seeds=[*range(400)])

    assert problems_of(tmp_path, many) == [
        "own.yaml: asks for 160,000 trials, more than 10,000 (name fewer seeds, or split it)"
    ]


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD_VALUES.items() for value in values])
def test_a_bad_value_is_one_clear_sentence(key, value, tmp_path):
    (problem,) = problems_of(tmp_path, experiment(), assigned=parse_assignments([f"{key}={value}"]))
    assert "\n" not in problem
    assert len(problem) < 160
    assert problem.startswith(f"command line: {key.split('.')[0]}")


def test_nan_is_refused_where_it_stands(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(json.dumps(experiment(overrides={"loss.lambda_ada": "?"})).replace('"?"', ".nan"))
    with pytest.raises(InputError) as refusal:
        expand(load_experiment(str(path)))
    assert str(refusal.value) == f"{path}: overrides: loss.lambda_ada: input should be a finite number, got nan"


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path):
    content = experiment(papers="combo", tasks=["s5"], variants=[{"name": "Not A Name", "label": "1"}], title=5)
    del content["preset"]
    places = [problem.split(": ")[1] for problem in problems_of(tmp_path, content)]
    assert sorted(places) == ["papers", "preset", "tasks.0", "title", "variants.0.name"]


def test_no_mistake_hides_another_whatever_finds_it(tmp_path):
    content = experiment(
        colour="red",
        seeds=[0, 1, 0],
        statistics={"baseline": "three"},
        overrides={"loss.points": 0, "data.task": "ms3"},
        variants=[VARIANT, {**VARIANT, "overrides": {"loss.lamda_ada": 5}}],
        scales={"small": {"workers": {"four": 2}, "seeds": [-1], "overrides": {"optim.lr": "fast"}}},
    )
    places = [problem.split(": ")[1:3] for problem in problems_of(tmp_path, content, scale="small", assigned={"x": 1})]
    assert sorted(places) == [
        ["colour", "unknown key (known"],
        ["overrides", "data.task"],
        ["overrides", "loss.points"],
        ["scales.small", "optim.lr"],
        ["scales.small.seeds.0", "input should be greater than or equal to 0, got -1"],
        ["scales.small.workers", "names no variant"],
        ["seeds", "the same entry stands here twice"],
        ["statistics.baseline", "names no variant"],
        ["variant 'one'", "loss.lamda_ada"],
        ["variants", "two variants have the same name, 'one'"],
        ["x", "'x' is not a setting of combo trials (known"],
    ]


def test_a_misspelt_preset_is_told_where_it_stands_and_no_scale_is_blamed(tmp_path):
    told = "names no preset: 'combo_r51' (did you mean 'combo_r50'?)"
    stand_in = {"small": {"presets": {"combo_r50": "combo_demo"}}}
    for scale in ("full", "small"):
        problems = problems_of(tmp_path, experiment(preset="combo_r51", scales=stand_in), scale=scale)
        assert problems == [f"own.yaml: preset: {told}"]
    own = [VARIANT, {"name": "two", "label": "2", "preset": "combo_r51"}]
    assert problems_of(tmp_path, experiment(variants=own)) == [f"own.yaml: variants.1.preset: {told}"]
    misspelt = {"small": {"presets": {"combo_r50": "combo_r51"}}}
    assert problems_of(tmp_path, experiment(scales=misspelt), scale="small") == [
        f"own.yaml: scales.small.presets.combo_r50: {told}"
    ]


def test_all_mistakes_of_all_variants_are_told_at_once_and_each_once(tmp_path):
    content = experiment(
        tasks=["s4", "ms3"],
        seeds=[0, 1],
        overrides={"loss.points": 0},
        variants=[
            {"name": "one", "label": "1", "overrides": {"loss.lambda_ada": -1, "loss.dise_weight": 1}},
            {"name": "two", "label": "2", "overrides": {"optim.lr": "fast"}},
        ],
    )
    places = [problem.split(": ")[1:3] for problem in problems_of(tmp_path, content, assigned={"seeed": 1})]
    assert places == [
        ["variant 'one'", "loss.dise_weight"],
        ["seeed", "'seeed' is not a setting of combo trials (did you mean 'seed'?)"],
        ["variant 'one'", "loss.lambda_ada"],
        ["overrides", "loss.points"],
        ["variant 'two'", "optim.lr"],
    ]


def test_what_the_experiment_itself_decides_cannot_be_overridden_unnoticed(tmp_path):
    problems = problems_of(tmp_path, experiment(overrides={"data.task": "ms3"}), assigned={"seed": 5})
    assert problems == [
        "own.yaml: overrides: data.task: cannot be overridden in an experiment (list it under tasks)",
        "command line: seed: cannot be overridden in an experiment (list it under seeds)",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks": []}, "tasks: list should have at least 1 item"),
        ({"tasks": ["s4", "s4"]}, "tasks: the same entry stands here twice"),
        ({"seeds": [0, 1, 0]}, "seeds: the same entry stands here twice"),
        ({"seeds": [-1]}, "seeds.0: input should be greater than or equal to 0"),
        ({"seeds": [2**32]}, "seeds.0: input should be less than 4294967296"),
        ({"statistics": {"baseline": "three"}}, "statistics.baseline: names no variant: 'three'"),
        (
            {"tasks": ["s4", "ms3"], "also_from": {"ms3": "s4", "s4": "avss"}},
            "also_from: names a task that itself starts from another",
        ),
        ({"figure": {"label": "x"}}, "figure.parameter: required key is missing (add it)"),
        ({"scales": {"small": {"seeds": []}}}, "scales.small.seeds: list should have at least 1 item"),
        ({"scales": {"full": {}}}, "scales.full: is the experiment itself (give the scale another name)"),
        ({"variants": [VARIANT, VARIANT]}, "variants: two variants have the same name, 'one'"),
        ({"scales": {"small": {"workers": {"three": 2}}}}, "scales.small.workers: names no variant: 'three'"),
        ({"preset": "combo_r51"}, "preset: names no preset: 'combo_r51' (did you mean 'combo_r50'?)"),
        ({"preset": "../secret"}, "preset: string should match pattern"),
    ],
)
def test_lists_and_names_must_make_sense(changes, message, tmp_path):
    (problem,) = problems_of(tmp_path, experiment(**changes))
    assert problem.startswith(f"own.yaml: {message}")


def test_missing_names_are_answered_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match=r"^combo/tabel7: no such experiment \(did you mean 'combo/table7'\?\)$"):
        load_experiment("combo/tabel7")
    assert problems_of(tmp_path, experiment(), scale="smal") == [
        "own.yaml: has no scale 'smal' (did you mean 'small'?)"
    ]
    with pytest.raises(InputError, match=r"names no preset: 'combo' \(did you mean 'combo_"):
        resolve_preset("combo", "s4")


@pytest.mark.parametrize("word", ["loss.lambda_ada", "loss.lambda_ada 5"])
def test_a_word_without_a_value_is_no_override(word):
    with pytest.raises(InputError, match=r"is not an override \(write key.path=value, as optim.lr=0.001\)$"):
        parse_assignments([word])
