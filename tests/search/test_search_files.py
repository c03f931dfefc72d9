"""Searches that ship are valid at every scale; mistakes and contradictions are refused with file and key."""

import pytest
from search_files import load, problems_of, search_content

from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.load_search import load_search
from experiments.target_files import experiment_names, search_names

LAMBDA = {"loss.lambda_ada": {"log_uniform": [1, 100]}}


def with_axis(key="loss.lambda_ada", **axis):
    return search_content(space={key: axis}, trials=1)


@pytest.mark.parametrize("name", search_names())
def test_every_search_is_valid_at_every_scale(name):
    for scale in ("full", *load_search(name).search.scales):
        search = load_search(name, scale)
        for key, axis in search.space.items():
            assert all(search.trial({key: value}).config for value in axis.extremes)


def test_the_searches_of_the_field_ship():
    assert {"search/lambda_ada", "search/queries", "search/architecture", "search/learning_rate"} <= {*search_names()}
    assert not {*search_names()} & {*experiment_names()}


def test_rows_of_table_7_are_points_of_the_search_for_the_weight():
    search = load_search("search/lambda_ada", "demo").on_data("d" * 16)
    rows = [trial.on_data("d" * 16) for trial in expand(load_experiment("combo/table7", "demo"))]

    points = [search.point_of(trial.config) for trial in rows]
    assert points == [None, {"loss.lambda_ada": 5}, {"loss.lambda_ada": 10}, {"loss.lambda_ada": 20}]
    assert [search.trial(point).key for point in points[1:]] == [trial.key for trial in rows[1:]]


def test_no_mistake_of_a_search_hides_another(tmp_path):
    content = search_content(
        colour="red",
        objectives=["m_j", "m_j"],
        preset="combo_demoo",
        overrides={"optim.lrr": 1, "loss.points": 0},
        scales={"full": {}},
    )
    places = [problem.split(": ")[1:3] for problem in problems_of(tmp_path, content, seed=5)]
    assert sorted(places) == [
        ["colour", "unknown key (known"],
        ["objectives", "the same entry stands here twice"],
        ["overrides", "loss.points"],
        ["overrides", "optim.lrr"],
        ["preset", "names no preset"],
        ["scales.full", "is the search itself (give the scale another name)"],
        ["seed", "cannot be overridden in a search (say it under seed)"],
    ]


REFUSED = {
    "several objectives with early stopping": (
        search_content(objectives=["m_j", "parameters"], early_stopping={"scheduler": "asha", "grace_evaluations": 1}),
        "own.yaml: early_stopping: asha compares trials by m_j alone, and the objectives are m_j, parameters; "
        "leave early_stopping out, or search for m_j only",
    ),
    "no score to search for": (
        search_content(objectives=["parameters"]),
        "own.yaml: objectives: need m_j or m_f: the cheapest network is known without a search",
    ),
    "the same objective twice": (
        search_content(objectives=["m_j", "m_j"]),
        "own.yaml: objectives: the same entry stands here twice",
    ),
    "unknown key": (
        search_content(objective=["m_j"]),
        "own.yaml: objective: unknown key (did you mean 'objectives'?)",
    ),
    "unknown kind of axis": (
        with_axis(log_unifrom=[1, 100]),
        "own.yaml: space.loss.lambda_ada.log_unifrom: unknown key (did you mean 'log_uniform'?)",
    ),
    "unknown sampler": (
        search_content(sampler={"name": "cmaes"}),
        "own.yaml: sampler.name: input should be 'tpe', 'nsga2', 'gp' or 'random', got 'cmaes'",
    ),
    "axis of no kind": (
        with_axis(),
        "own.yaml: space.loss.lambda_ada: needs exactly one of log_uniform, uniform, integer and choice",
    ),
    "axis of two kinds": (
        with_axis(uniform=[0, 1], choice=[0, 1]),
        "own.yaml: space.loss.lambda_ada: needs exactly one of log_uniform, uniform, integer and choice",
    ),
    "logarithm of zero": (
        with_axis(log_uniform=[0, 100]),
        "own.yaml: space.loss.lambda_ada.log_uniform.0: input should be greater than 0, got 0",
    ),
    "bounds the wrong way round": (
        with_axis(uniform=[20, 5]),
        "own.yaml: space.loss.lambda_ada.uniform: the lowest value comes first, then a higher one, not [20.0, 5.0]",
    ),
    "steps past the end": (
        with_axis("model.query_decoder.queries", integer=[20, 200], step=50),
        "own.yaml: space.model.query_decoder.queries: step 50 leads from no lowest to no highest integer",
    ),
    "a choice of one": (
        with_axis("model.fusion.mode", choice=["none"]),
        "own.yaml: space.model.fusion.mode.choice: needs at least two entries, all different",
    ),
    "a choice of lists": (
        with_axis("optim.betas", choice=[[0.9, 0.99], [0.9, 0.999]]),
        "own.yaml: space.optim.betas.choice: a choice is a number, a word or a truth value",
    ),
    "axis that is no setting": (
        with_axis("loss.lamda_ada", uniform=[0, 1]),
        "own.yaml: space: loss.lamda_ada: 'lamda_ada' is not a setting of combo trials (did you mean 'lambda_ada'?)",
    ),
    "bound that no trial can have": (
        with_axis("loss.lambda_ada", uniform=[-1, 1]),
        "own.yaml: space: loss.lambda_ada: input should be greater than or equal to 0, got -1.0",
    ),
    "choice that no trial can have": (
        with_axis("model.fusion.mode", choice=["none", "left"]),
        "own.yaml: space: model.fusion.mode: input should be 'bilateral', 'visual', 'audio' or 'none', got 'left'",
    ),
    "axis over seeds": (
        with_axis("seed", integer=[0, 9]),
        "own.yaml: space: seed: cannot be varied by a search (all points share it)",
    ),
    "axis over models": (
        with_axis("model.name", choice=["combo", "bigen"]),
        "own.yaml: space: model.name: cannot be varied by a search "
        "(all points are of its preset's model; compare models as variants of an experiment)",
    ),
    "axis of another model": (
        with_axis("loss.eta", uniform=[0, 1]),
        "own.yaml: space: loss.eta: is a setting of avsbench and bigen, not of combo (combo has loss.lambda_ada, "
        "loss.class_weight, loss.mask_weight, loss.dice_weight, loss.no_object_weight, loss.points, loss.oversample, "
        "loss.importance, loss.arithmetic)",
    ),
    "a task that the model lacks": (
        search_content(preset="bigen_demo", task="avss", space={"loss.eta": {"uniform": [0, 1]}}),
        "own.yaml: task: bigen is not made for avss (use s4 or ms3, or a preset of another model)",
    ),
    "axis over data": (
        with_axis("data.size", choice=[64, 96]),
        "own.yaml: space: data.size: cannot be varied by a search "
        "(it changes the data; compare sizes in an experiment)",
    ),
    "axis that moves the rungs": (
        search_content(
            space={"training.iterations": {"integer": [100, 300]}},
            early_stopping={"scheduler": "asha", "grace_evaluations": 1},
        ),
        "own.yaml: space: training.iterations: sets the rungs of early_stopping (all points must share it)",
    ),
    "axis and override of one setting": (
        search_content(overrides={"loss.lambda_ada": 5}),
        "own.yaml: overrides: loss.lambda_ada: is what the search varies (leave it out)",
    ),
    "override of the task": (
        search_content(overrides={"data.task": "ms3"}),
        "own.yaml: overrides: data.task: cannot be overridden in a search (say it under task)",
    ),
    "more points than there are": (
        search_content(space={"model.fusion.mode": {"choice": ["none", "visual"]}}, trials=3),
        "own.yaml: trials: asks for 3 points of 2 (lower it, or widen the space)",
    ),
    "grace until the end": (
        search_content(space=LAMBDA, early_stopping={"scheduler": "asha", "grace_evaluations": 6}),
        "own.yaml: early_stopping.grace_evaluations: lasts 300 of 300 steps at scale full, "
        "so nothing would end early (lower it)",
    ),
    "scale with an axis of its own": (
        search_content(scales={"small": {"space": {"optim.lr": {"uniform": [0.1, 0.2]}}}}),
        "own.yaml: scales.small.space replaces an axis that the search does not have: optim.lr",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_mistake_is_refused_with_file_and_key(mistake, tmp_path):
    content, message = REFUSED[mistake]
    assert problems_of(tmp_path, content) == [message]


def test_numbers_between_the_whole_ones_are_refused_for_a_whole_number(tmp_path):
    problems = problems_of(tmp_path, with_axis("model.query_decoder.queries", uniform=[2, 8]))
    place = "own.yaml: space: model.query_decoder.queries: input should be a valid integer"
    assert problems == [f"{place}, got 2.0", f"{place}, got 8.0"]


def test_the_command_line_cannot_fix_what_the_search_varies(tmp_path):
    problems = problems_of(tmp_path, search_content(), **{"loss.lambda_ada": 5})
    assert problems == ["command line: loss.lambda_ada: is what the search varies (leave it out)"]


def test_all_mistakes_of_a_space_are_told_at_once(tmp_path):
    space = {"seed": {"integer": [0, 9]}, "loss.points": {"integer": [0, 9]}, "optim.lr": {"choice": ["fast", 0.1]}}
    places = [problem.split(": ")[2] for problem in problems_of(tmp_path, search_content(space=space, trials=1))]
    assert places == ["seed", "loss.points", "optim.lr"]


def test_a_scale_replaces_preset_task_axes_trials_and_overrides(tmp_path):
    small = {
        "preset": "combo_demo_pvt",
        "task": "ms3",
        "overrides": {"training.iterations": 20},
        "space": {"model.query_decoder.queries": {"integer": [2, 4]}},
        "trials": 3,
    }
    search = load(tmp_path, search_content(scales={"small": small}), "small")

    assert search.file_part == "own-small"
    assert (search.task, search.trials, search.base.training.iterations) == ("ms3", 3, 20)
    assert search.base.model.backbone.name.startswith("pvt")
    assert search.space["model.query_decoder.queries"].integer == (2, 4)
    assert search.space["loss.lambda_ada"].log_uniform == (1, 100)


def test_an_experiment_where_only_a_search_makes_sense_is_refused():
    with pytest.raises(InputError, match=r"^experiments/combo/table7.yaml: is no search: it has no space \(known: "):
        load_search("combo/table7")


def test_a_search_where_only_an_experiment_makes_sense_is_refused(command):
    said = command("show", "search/lambda_ada")

    assert said.code == 2
    assert "experiments/search/lambda_ada.yaml: is a search, which suggests its trials while it runs" in said.err


def test_a_misspelt_search_is_told_its_neighbour():
    with pytest.raises(InputError, match="did you mean 'search/lambda_ada'"):
        load_search("search/lamda_ada")


def test_axes_go_by_their_last_names_where_these_differ():
    names = load_search("search/architecture").axis_names
    assert [*names.values()] == ["siam_encoder.mode", "fusion.mode", "query_mode", "queries", "lr"]
