"""`combo_lab.results`: every score of a storage is a row."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import combo_lab
import pytest

from experiments.errors import InputError

WITHOUT_TORCH = """
import sys
import combo_lab
assert len(combo_lab.results(sys.argv[1])) == 8
heavy = {"torch", "ray", "mlflow"} & sys.modules.keys()
assert not heavy, heavy
"""


def test_a_finished_trial_has_a_row_for_each_score(storage, trials):
    scores = combo_lab.results(storage)

    assert list(scores.columns) == [*combo_lab.COLUMNS, "loss.lambda_ada"]
    assert len(scores) == len(trials) * 4
    of_one = scores[scores["trial"] == trials[0].key].set_index(["split", "metric"])
    assert of_one["score"].to_dict() == {
        ("test", "m_j"): pytest.approx(61.0),
        ("test", "m_f"): pytest.approx(72.0),
        ("val", "m_j"): pytest.approx(61.0),
        ("val", "m_f"): pytest.approx(72.0),
    }
    assert set(of_one["protocol"]) == {"avsbench-binary@1 (test)", "avsbench-binary@1 (val)"}
    assert (of_one["experiment"].iloc[0], of_one["variant"].iloc[0]) == ("combo/table7", "without")


def test_the_reference_says_what_every_column_holds():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text()
    assert all(f"| `{name}` | {told} |" in page for name, told in combo_lab.COLUMNS.items())


def test_settings_that_differ_are_columns_and_others_are_not(storage):
    table = (
        combo_lab.results(storage)
        .query("split == 'test'")
        .pivot_table(index="loss.lambda_ada", columns="metric", values="score")
    )

    assert list(table.index) == [0.0, 10.0]
    assert "training.batch" not in combo_lab.results(storage)


def test_scores_are_read_without_torch_ray_and_mlflow(storage):
    path = [folder for folder in sys.path if folder]
    subprocess.run([sys.executable, "-c", WITHOUT_TORCH, storage], check=True, env={"PYTHONPATH": ":".join(path)})


def test_a_damaged_trial_is_told_and_left_out(storage, trials, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(storage, copy)
    result = copy / "trials" / trials[0].key / "result.json"
    values = json.loads(result.read_text())
    values["score"]["j_sum"] = 99
    result.write_text(json.dumps(values))

    with pytest.warns(UserWarning, match=f"left out: trials/{trials[0].key}/result.json"):
        scores = combo_lab.results(str(copy))
    assert set(scores["trial"]) == {trials[1].key}


def test_a_storage_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not there, or holds no trials"):
        combo_lab.results(str(tmp_path / "nothing"))
