"""A trial that starts from another one's best weights waits for it, and runs it first when nobody asked for it."""

import shutil
from pathlib import Path

import pytest
from combo_command import Combo
from safetensors.torch import load_file

from experiments.expand import expand, load_study, with_sources
from orchestrator.plan import make_plan, trials_on_data
from orchestrator.store import Store

DEPENDENT = Path(__file__).parent / "dependent.yaml"


@pytest.fixture(scope="session")
def both_subsets(tmp_path_factory, data):
    """The S4 clips of the other tests, and a few MS3 clips beside them."""
    folder = tmp_path_factory.mktemp("both") / "data"
    shutil.copytree(data, folder)
    made = Combo(folder, folder)("data", "synth", "--subset", "ms3", "--out", folder, "--clips", 8, "--size", 32)
    assert made.returncode == 0, made.stderr
    return folder


def test_the_source_is_the_same_row_on_the_other_task():
    scratch, pretrained = expand(load_study(str(DEPENDENT)))
    assert scratch.source is None
    assert scratch.config.initial_trial is None
    source = pretrained.source
    assert (source.task, source.variant, source.seed) == ("s4", "pretrained", 0)
    assert pretrained.config.initial_trial == source.key
    assert pretrained.key != scratch.key
    assert list(with_sources([scratch, pretrained])) == [scratch, source, pretrained]


def test_source_and_follower_are_bound_to_their_own_data(both_subsets):
    _, pretrained = trials_on_data([load_study(str(DEPENDENT))], both_subsets)
    assert pretrained.config.data.fingerprint
    assert pretrained.source.config.data.fingerprint not in ("", pretrained.config.data.fingerprint)
    assert pretrained.config.initial_trial == pretrained.source.key


def test_a_plan_holds_the_source_before_its_follower(both_subsets, tmp_path):
    trials = trials_on_data([load_study(str(DEPENDENT))], both_subsets)
    entries = make_plan("dependent", trials, Store(tmp_path)).entries
    assert [(entry.trial.variant, entry.trial.task) for entry in entries] == [
        ("scratch", "ms3"),
        ("pretrained", "s4"),
        ("pretrained", "ms3"),
    ]


@pytest.mark.slow
def test_a_sweep_trains_the_source_first_and_starts_from_its_best_weights(both_subsets, tmp_path):
    combo = Combo(tmp_path, both_subsets)
    run = combo("run", DEPENDENT)
    assert run.returncode == 0, run.stderr
    store = Store(combo.storage)
    scratch, pretrained = trials_on_data([load_study(str(DEPENDENT))], both_subsets)
    source, follower = store.trial(pretrained.source.key), store.trial(pretrained.key)
    assert source.result.provenance.finished <= follower.result.provenance.started
    first_losses = [next(store.trial(key).metric_lines()).values["loss_total"] for key in (scratch.key, pretrained.key)]
    assert first_losses[0] != first_losses[1]
    best = load_file(source.path / source.result.checkpoint / "model.safetensors")
    trained = load_file(follower.path / follower.result.checkpoint / "model.safetensors")
    distances = [float((best[name] - trained[name]).abs().max()) for name in best if best[name].is_floating_point()]
    assert max(distances) < 0.05
    again = combo("run", DEPENDENT)
    assert "all 3 trials are finished already" in again.stdout
