"""Presets that extend one another, and scales that experiments share: what is laid over what, and what is refused."""

import json

import pytest
from experiment_files import experiment, problems_of, trials_of

from experiments.errors import InputError
from experiments.presets import load_preset, resolve_preset
from tests.own_papers import write_paper

COST = {"seconds_per_step": [1, 2, 3], "memory_gib": 1}


@pytest.fixture
def paper(tmp_path, monkeypatch):
    """A paper of one's own, whose folder is that of its experiments, and the present one."""
    monkeypatch.chdir(tmp_path)
    return write_paper(tmp_path)


@pytest.fixture
def write(paper):
    """Writes a preset or a scale of that paper."""

    def write_file(kind, name, **content):
        title = {"title": name} if kind == "preset" else {}
        path = paper.folder / f"{kind}s" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({**title, **content}))

    return write_file


def test_a_preset_lays_its_settings_over_those_of_the_ones_it_extends(write, paper):
    write(
        "preset", "first", base={"loss.points": 1, "optim.lr": 0.1, "model.width": 64}, tasks={"ms3": {"optim.lr": 0.2}}
    )
    write("preset", "second", extends="first", base={"loss.points": 2}, tasks={"ms3": {"training.batch": 2}})
    write("preset", "third", extends="second", tasks={"s4": {"model.width": 128}})
    s4, ms3 = (resolve_preset("third", task, paper=paper) for task in ("s4", "ms3"))

    assert (s4.loss.points, s4.optim.lr, s4.model.width) == (2, 0.1, 128)
    assert (ms3.loss.points, ms3.optim.lr, ms3.model.width, ms3.training.batch) == (2, 0.2, 64, 2)
    assert resolve_preset("first", "ms3", paper=paper).loss.points == 1


def test_what_a_preset_says_of_all_tasks_wins_over_what_an_extended_one_says_of_one(write, paper):
    write("preset", "first", tasks={"ms3": {"optim.lr": 0.2}})
    write("preset", "second", extends="first", base={"optim.lr": 0.3})

    assert resolve_preset("second", "ms3", paper=paper).optim.lr == 0.3


def test_a_preset_costs_what_it_states_and_else_what_the_extended_one_states(write, paper):
    write("preset", "first", costs={"s4": COST, "ms3": COST})
    write("preset", "second", extends="first", costs={"s4": {**COST, "memory_gib": 9}})
    second = load_preset("second", "here", paper)

    assert [cost and cost.memory_gib for cost in map(second.cost, ("s4", "ms3", "avss"))] == [9, 1, None]


def test_a_mistake_is_told_with_the_file_of_the_chain_in_which_it_stands(write, paper, tmp_path):
    write("preset", "first", base={"loss.points": 0})
    write("preset", "second", extends="first", tasks={"s4": {"optim.lrr": 1}})

    with pytest.raises(InputError) as refusal:
        resolve_preset("second", "s4", paper=paper)
    assert [str(problem).replace(f"{tmp_path}/", "") for problem in refusal.value.problems] == [
        "presets/second.yaml: tasks.s4: optim.lrr: 'lrr' is not a setting of combo trials (did you mean 'lr'?)",
        "presets/first.yaml: base: loss.points: input should be greater than 0, got 0",
    ]


@pytest.mark.parametrize(
    ("extended", "message"),
    [
        ("little_demoo", "second.yaml: extends: names no preset: 'little_demoo' (did you mean 'little_demo'?)"),
        (
            "third",
            "third.yaml: extends: leads back to itself: second -> third -> second (one of them must extend no other)",
        ),
        ("second", "second.yaml: extends: leads back to itself: second -> second (one of them must extend no other)"),
        (
            "../first",
            "second.yaml: extends: string should match pattern '^[a-z0-9]+(?:[-_][a-z0-9]+)*$', got '../first'",
        ),
    ],
)
def test_presets_that_lead_nowhere_are_refused_with_file_and_key(write, tmp_path, extended, message):
    write("preset", "little_demo")
    write("preset", "second", extends=extended)
    write("preset", "third", extends="second")

    assert problems_of(tmp_path, experiment(paper="mine", preset="second")) == [f"presets/{message}"]


def test_an_experiment_lays_its_own_scale_over_a_shared_one(write, tmp_path):
    write("preset", "large", base={"training.iterations": 1000})
    write("preset", "little")
    shared = {"training.iterations": 20, "training.evaluate_every": 10}
    write(
        "scale",
        "quick",
        presets={"large": "little", "other": "little"},
        overrides=shared,
        note="Means nothing.",
        seeds=[7],
    )
    own = {
        "small": {"extends": "quick"},
        "own": {"extends": "quick", "overrides": {"training.iterations": 30}, "seeds": [1]},
    }
    content = experiment(paper="mine", preset="large", scales=own)

    plain, small, changed = (trials_of(tmp_path, content, scale)[0] for scale in ("full", "small", "own"))
    assert plain.config.training.iterations == 1000
    assert (small.config.training.iterations, small.config.training.evaluate_every, small.seed) == (20, 10, 7)
    assert (changed.config.training.iterations, changed.config.training.evaluate_every, changed.seed) == (30, 10, 1)


def test_a_mistake_in_a_shared_scale_is_told_where_it_stands(write, tmp_path):
    write("preset", "large")
    write("scale", "quick", presets={"large": "larg"}, overrides={"optim.lr": "fast"})
    content = experiment(paper="mine", preset="large", scales={"small": {"extends": "quick"}})

    assert problems_of(tmp_path, content, scale="small") == [
        "scales/quick.yaml: presets.large: names no preset: 'larg' (did you mean 'large'?)",
        "scales/quick.yaml: optim.lr: input should be a valid number, got 'fast'",
    ]


def test_a_scale_that_is_not_shared_is_named_at_whatever_scale_the_experiment_is_asked_for(write, tmp_path):
    write("preset", "large")
    write("scale", "quick")
    content = experiment(paper="mine", preset="large", scales={"small": {"extends": "qick"}, "other": {}})

    for scale in ("full", "other", "small"):
        assert problems_of(tmp_path, content, scale=scale) == [
            "own.yaml: scales.small.extends: names no scale: 'qick' (did you mean 'quick'?)"
        ]


def test_a_preset_of_ones_own_extends_one_that_ships_and_has_a_name_of_its_own(write, paper, tmp_path):
    write("preset", "mine_small", extends="combo_demo", base={"data.size": 32})
    assert resolve_preset("mine_small", "s4", paper=paper).data.size == 32
    with pytest.raises(InputError, match="names no preset: 'mine_small'"):
        resolve_preset("mine_small", "s4")

    write("preset", "combo_demo")
    assert problems_of(tmp_path, experiment(paper="mine", preset="combo_demo")) == [
        "presets/combo_demo.yaml: has the name of a preset that ships, experiments/presets/combo_demo.yaml (rename it)"
    ]
