"""From experiment files to trials: what ships is valid, and which layer of overrides wins."""

import pytest
from experiment_files import experiment, trials_of

from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.papers import ROOT
from experiments.presets import resolve_preset
from experiments.target_files import experiment_names
from model.config import CLASSES

PRESETS = sorted(path.stem for path in (ROOT / "presets").glob("*.yaml"))


@pytest.mark.parametrize("task", CLASSES)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_valid_for_every_task_of_its_model(preset, task):
    model = type(resolve_preset(preset, "s4"))
    if task in model.TASKS:
        assert resolve_preset(preset, task).data.task == task
    else:
        with pytest.raises(InputError, match=rf"^--task {task}: .* is not made for {task} \(use s4 or ms3"):
            resolve_preset(preset, task)


@pytest.mark.parametrize("name", experiment_names())
def test_every_experiment_is_valid_at_every_scale(name):
    for scale in ("full", *load_experiment(name).experiment.scales):
        scaled = load_experiment(name, scale)
        trials = expand(scaled)
        starts = len(scaled.tasks) + len(scaled.experiment.also_from.keys() & {*scaled.tasks})
        assert len(trials) == len(scaled.experiment.variants) * starts * len(scaled.seeds)
        assert all(trial.config.training.batch % trial.workers == 0 for trial in trials)


def test_trials_come_in_the_order_of_the_rows(tmp_path):
    trials = trials_of(tmp_path, experiment(tasks=["s4", "ms3"], seeds=[3, 1]))
    assert [trial.label for trial in trials] == [
        f"{variant} {task} seed {seed}" for variant in ("one", "two") for task in ("s4", "ms3") for seed in (3, 1)
    ]
    assert [(trial.config.data.task, trial.config.seed) for trial in trials] == [
        (trial.task, trial.seed) for trial in trials
    ]


def test_later_layers_win(tmp_path):
    """Preset, its task, experiment, variant, scale, command line; the released MS3 preset says 20000 iterations."""
    key = "training.iterations"
    content = experiment(tasks=["ms3"])

    def iterations(scale="full", assigned=None):
        first, second = trials_of(tmp_path, content, scale, assigned)
        assert second.config.training.iterations == (first.config.training.iterations if assigned else second_expected)
        return first.config.training.iterations

    second_expected = 20_000
    assert iterations() == 20_000
    content["overrides"] = {key: 1}
    second_expected = 1
    assert iterations() == 1
    content["variants"][0]["overrides"] = {key: 2}
    assert iterations() == 2
    content["scales"]["small"]["overrides"] = {key: 3}
    assert iterations() == 2
    second_expected = 3
    assert iterations("small") == 3
    assert iterations("small", {key: 4}) == 4


def test_a_scale_replaces_what_it_names_and_keeps_the_rest(tmp_path):
    small = {"presets": {"combo_r50": "combo_pvt"}, "tasks": ["avss"], "seeds": [7, 8], "workers": {"two": 2}}
    content = experiment(seeds=[1], scales={"small": small})
    trials = trials_of(tmp_path, content, "small")
    assert {trial.config.model.backbone.name for trial in trials} == {"pvt_v2_b5.in1k"}
    assert {(trial.task, trial.seed) for trial in trials} == {("avss", 7), ("avss", 8)}
    assert {(trial.variant, trial.workers) for trial in trials} == {("one", 1), ("two", 2)}
    assert {(trial.task, trial.seed) for trial in trials_of(tmp_path, content)} == {("s4", 1)}


def test_a_trial_is_bound_to_its_data_without_losing_anything(tmp_path):
    trial = trials_of(tmp_path, experiment())[0]
    bound = trial.on_data("0123")
    assert bound.config.data.fingerprint == "0123"
    assert bound.key != trial.key
    assert bound.on_data("") == trial


def test_a_trial_starts_from_the_one_with_its_own_seed_whether_or_not_it_is_bound_to_data(tmp_path):
    variants = [{"name": "one", "label": "1", "starts_from": {"ms3": "s4"}}]
    unbound = trials_of(tmp_path, experiment(tasks=["s4", "ms3"], seeds=[3, 1], variants=variants))
    scaled = load_experiment(str(tmp_path / "own.yaml"))
    bound = expand(scaled, lambda task, proposer, size: f"{task} {proposer} {size}")
    for trials in (unbound, bound):
        assert [trial.parent for trial in trials] == [None, None, *trials[:2]]
        assert [trial.config.initial_trial for trial in trials] == [None, None, trials[0].key, trials[1].key]
        assert [(trial.seed, trial.config.seed) for trial in trials] == [(3, 3), (1, 1)] * 2
    assert [trial.config.data.fingerprint for trial in unbound] == [""] * 4
    assert [trial.config.data.fingerprint for trial in bound[1:3]] == ["s4 semantic-sam 224", "ms3 semantic-sam 224"]


def test_the_command_line_gives_the_seeds(tmp_path):
    content = experiment(seeds=[0])
    assert [trial.seed for trial in trials_of(tmp_path, content, assigned={"seeds": [3, 1]})] == [3, 1, 3, 1]
    with pytest.raises(InputError, match="command line: seeds: the same entry stands here twice"):
        trials_of(tmp_path, content, assigned={"seeds": [1, 1]})
    with pytest.raises(InputError, match="command line: seeds: input should be a valid list, got 3"):
        trials_of(tmp_path, content, assigned={"seeds": 3})


def test_a_task_can_be_trained_from_another_tasks_weights_as_well(tmp_path):
    """Table 6 of AVS-BiGen trains MS3 from scratch and from S4; both stand in columns of their own."""
    variants = [
        {"name": name, "label": name, "overrides": {"loss.lambda_ada": n}} for n, name in enumerate(("one", "two"))
    ]
    trials = trials_of(tmp_path, experiment(tasks=["s4", "ms3"], also_from={"ms3": "s4"}, variants=variants))
    assert [(trial.task, trial.start) for trial in trials[:3]] == [("s4", None), ("ms3", None), ("ms3", "s4")]
    assert trials[2].parent.key == trials[0].key
    assert trials[2].label == "one ms3 from s4 seed 0"
    assert len({trial.key for trial in trials}) == 6
