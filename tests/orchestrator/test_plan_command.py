"""`combo plan`: what a run would do, share and cost, before anything starts."""

import json

import pytest
from combo_command import TINY

from experiments.columns import columns_of
from experiments.load_experiment import load_experiment
from experiments.target_files import experiment_names
from orchestrator.planning.plan import trials_on_data
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store


def document(run):
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_whole_paper_shares_its_trials(combo):
    plan = document(combo("plan", "--all", "--json"))
    experiments = [load_experiment(name) for name in experiment_names()]
    tables = [scaled.experiment for scaled in experiments]
    cells = sum(len(table.variants) * len(columns_of(table)) for table in tables)
    assert plan["cells"] == cells == 236
    assert (plan["trials"], plan["different_trials"]) == (131, 65)
    assert len({trial["key"] for trial in plan["order"]}) == 65
    # As each trial has one seed here, every cell needs one trial, and two where training starts from another's weights.
    twice = sum(len(table.variants) for table in tables if table.also_from) * 2
    assert sum(trial["cells"] for trial in plan["order"]) == 236 + twice
    left, saved = plan["gpu_hours_left"], plan["gpu_hours_saved_by_sharing"]
    assert 0 < left["low"] < left["likely"] < left["high"]
    assert left["likely"] == pytest.approx(sum(trial["gpu_hours"]["likely"] for trial in plan["order"]))
    assert 0 < saved["likely"] < left["likely"]
    assert not combo.storage.exists()


def test_a_table_is_filled_with_most_cells_per_hour_first(combo):
    plan = document(combo("plan", "--table", "combo/3", "combo/table7", "--json"))
    densities = [trial["cells"] / trial["gpu_hours"]["likely"] for trial in plan["order"]]
    assert densities == sorted(densities, reverse=True)
    assert plan["order"][0]["cells"] == 4


def test_finished_trials_cost_nothing_and_teach_what_others_cost(sweep):
    plan = document(sweep.combo("plan", *sweep.words, "--json"))
    assert {trial["state"] for trial in plan["order"]} == {"finished"}
    assert plan["gpu_hours_left"]["high"] == 0
    longer = document(sweep.combo("plan", *sweep.words, "training.iterations=12", "--json"))
    spent = [
        result.provenance.training_seconds * result.provenance.workers / 6
        for _, result in Store(FolderStorage(sweep.combo.storage)).finished()
    ]
    for trial in longer["order"]:
        assert (trial["state"], trial["basis"]) == ("new", "measured")
        assert trial["gpu_hours"]["low"] == pytest.approx(12 * min(spent) / 3600)
        assert trial["gpu_hours"]["high"] == pytest.approx(12 * max(spent) / 3600)


def test_a_trial_with_a_checkpoint_costs_what_is_left_of_it(combo, data):
    whole = document(combo("plan", TINY, "--json"))["order"][0]
    first = trials_on_data([load_experiment(str(TINY))], data)[0]
    folder = Store(FolderStorage(combo.storage)).trial(first.key)
    (folder.checkpoints / "step-00000004").mkdir(parents=True)
    rest = document(combo("plan", TINY, "--json"))["order"][0]
    assert (rest["key"], rest["state"]) == (first.key, "resumable")
    assert rest["gpu_hours"]["likely"] == pytest.approx(whole["gpu_hours"]["likely"] * 2 / 6)


def test_a_setting_that_replaces_what_rows_compare_is_told(combo):
    told = "combo/table7: loss.lambda_ada=7 replaces what rows set that keep their names: lambda-0, lambda-5, lambda-10"
    assert told in combo("plan", "combo/table7", "loss.lambda_ada=7").stdout
    assert f"{told}, lambda-20" in document(combo("plan", "combo/table7", "loss.lambda_ada=7", "--json"))["remarks"]
    assert "replaces" not in combo("plan", "combo/table7", "optim.lr=0.001", "seeds=[1]").stdout


def test_a_plan_beyond_the_limit_is_refused(combo):
    run = combo("plan", "combo/table7", "--max-gpu-hours", 10)
    assert run.returncode == 2
    assert run.stderr.startswith("error: --max-gpu-hours 10: the plan is likely to take ")
    assert combo("plan", "combo/table7", "--max-gpu-hours", 1000).returncode == 0


def test_without_data_it_plans_all_the_same_and_says_so(combo, tmp_path):
    run = combo("plan", "combo/table7", "--data", tmp_path / "nowhere")
    assert run.returncode == 0
    assert "\n8 new\n" in run.stdout
    assert "finished S4 trials with Maskiges of semantic-sam are not recognised: no S4 data in" in run.stdout
    assert "finished AVSS trials with Maskiges of semantic-sam are not recognised: no AVSS data in" in run.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--table", "combo/33"], "table combo/33: is filled by no experiment (did you mean 'combo/3'?)"),
        ([], "command line: names no experiment"),
        (["combo/table7", "loss.lambda=3"], "loss.lambda: 'lambda' is not a setting of combo trials"),
    ],
)
def test_what_cannot_be_planned_is_said_in_one_sentence(combo, words, sentence):
    run = combo("plan", *words)
    assert run.returncode == 2
    assert sentence in run.stderr
    assert len(run.stderr.splitlines()) == 1
