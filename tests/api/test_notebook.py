"""The notebook of the documentation does what it says."""

import os
import shutil

import matplotlib.pyplot as plt
import pytest
from notebooks import FIRST_SWEEP, environment, execute, read, tables

SWEEP = "sweep"
"""Tag of the cells that make clips and train."""


def test_all_but_the_sweep_runs_on_finished_trials(storage, clips, tmp_path, monkeypatch):
    """In this process: a kernel takes seconds to start."""
    (tmp_path / "data").symlink_to(clips)
    shutil.copytree(storage, tmp_path / "combo-storage")
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("agg")
    names: dict[str, object] = {}
    for cell in read(FIRST_SWEEP).cells:
        if cell.cell_type == "code" and SWEEP not in cell.metadata.get("tags", ()):
            exec(cell.source, names)
    plt.close("all")

    assert names["masks"].shape == (5, 32, 32)
    assert len(names["tested"]) == 4


def test_no_outputs_are_stored_that_could_be_of_another_version():
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in read(FIRST_SWEEP).cells)


@pytest.mark.minutes
@pytest.mark.slow
def test_the_whole_notebook_runs_in_a_kernel(tmp_path, monkeypatch):
    for name, value in environment(dict(os.environ)).items():
        monkeypatch.setenv(name, value)
    shown = tables(execute(read(FIRST_SWEEP), tmp_path))

    assert "loss.lambda_ada" in shown["pivot"]
    assert "took" in shown["predict"]
