"""A trial that starts from another one's best weights waits for it, and runs it first when nobody asked for it."""

import json
import shutil
from pathlib import Path

import pytest
from combo_command import Combo

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.trial import with_parents
from model.training.fit import Execution, fit
from orchestrator.planning.plan import make_plan, trials_on_data
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store

DEPENDENT = Path(__file__).parent / "dependent.yaml"


@pytest.fixture(scope="session")
def both_subsets(tmp_path_factory, data):
    """The S4 clips of the other tests, and a few MS3 clips beside them."""
    folder = tmp_path_factory.mktemp("both") / "data"
    shutil.copytree(data, folder)
    made = Combo(folder, folder)("data", "synth", "--subset", "ms3", "--out", folder, "--clips", 8, "--size", 32)
    assert made.returncode == 0, made.stderr
    return folder


def test_the_parent_is_the_same_row_on_the_other_task():
    scratch, pretrained = expand(load_experiment(str(DEPENDENT)))
    assert scratch.parent is None
    assert scratch.config.initial_trial is None
    parent = pretrained.parent
    assert (parent.task, parent.variant, parent.seed) == ("s4", "pretrained", 0)
    assert pretrained.config.initial_trial == parent.key
    assert pretrained.key != scratch.key
    assert list(with_parents([scratch, pretrained])) == [scratch, parent, pretrained]


def test_parent_and_dependent_are_bound_to_their_own_data(both_subsets):
    _, pretrained = trials_on_data([load_experiment(str(DEPENDENT))], both_subsets)
    assert pretrained.config.data.fingerprint
    assert pretrained.parent.config.data.fingerprint not in ("", pretrained.config.data.fingerprint)
    assert pretrained.config.initial_trial == pretrained.parent.key


def test_a_plan_holds_the_parent_before_its_dependent(both_subsets, tmp_path):
    trials = trials_on_data([load_experiment(str(DEPENDENT))], both_subsets)
    entries = make_plan("dependent", trials, Store(FolderStorage(tmp_path))).entries
    assert [(entry.trial.variant, entry.trial.task) for entry in entries] == [
        ("scratch", "ms3"),
        ("pretrained", "s4"),
        ("pretrained", "ms3"),
    ]


def test_a_parent_whose_clips_do_not_divide_among_the_workers_is_refused_too(both_subsets, tmp_path):
    uneven = tmp_path / "uneven.yaml"
    uneven.write_text(DEPENDENT.read_text() + "\ntask_overrides:\n  s4: {training.batch: 3}\n")
    run = Combo(tmp_path, both_subsets)("run", uneven, "--workers", 2)
    assert (run.returncode, run.stdout) == (2, "")
    assert "training.batch: 3 clips do not divide among 2 workers" in run.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_sweep_trains_the_parent_first_and_starts_from_its_best_weights(both_subsets, head, tmp_path):
    combo = Combo(tmp_path, both_subsets, **head.environment)
    run = combo("run", DEPENDENT, "--notify", "false")
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("a message could not be sent to false: it ended with code 1") == 1
    store = Store(FolderStorage(combo.storage))
    scratch, pretrained = trials_on_data([load_experiment(str(DEPENDENT))], both_subsets)
    parent, dependent = store.trial(pretrained.parent.key), store.trial(pretrained.key)
    assert parent.result.provenance.finished <= dependent.result.provenance.started

    best = parent.path / parent.result.checkpoint
    execution = Execution(both_subsets, tmp_path / "by hand", checkpoint_every=100, initial_weights=best)
    by_hand = next(fit(pretrained.config, execution))
    first, from_scratch = (next(store.trial(key).metric_lines()).values for key in (pretrained.key, scratch.key))
    assert first["loss_total"] == by_hand.losses["total"]
    assert first["loss_total"] != from_scratch["loss_total"]
    assert "all 3 trials are finished already" in combo("run", DEPENDENT, "--notify", "").stdout


@pytest.mark.minutes
def test_f17_a_dependent_of_a_failed_parent_is_left_and_said(both_subsets, tmp_path):
    broken = tmp_path / "data"
    shutil.copytree(both_subsets, broken)
    for mask in (broken / "AVSBench_object" / "Single-source").rglob("gt_masks/train/**/*.png"):
        mask.write_bytes(b"no picture")
    run = Combo(tmp_path, broken)("run", DEPENDENT, "--notify", "sh -c 'cat >>told.jsonl; echo >>told.jsonl'")
    assert (run.returncode, run.stderr) == (1, "")
    assert "failed: pretrained s4 seed 0: DataError" in run.stdout
    assert "not started: pretrained ms3 seed 0: it starts from trial" in run.stdout
    assert "1 of 3 trials finished" in run.stdout
    told = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text().splitlines()]
    assert [message["event"] for message in told] == ["trial-failed", "sweep-ended"]
    assert told[0]["text"].startswith("trial failed: pretrained s4 seed 0: DataError: ")
