"""A storage that an earlier version of combo wrote (commit f3ab88b) is read, reported, verified and continued.

`tests/golden/earlier_version` holds two finished trials, one that was stopped at step 15 of 30, and the tables that the
earlier version built from them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from combo_command import Combo

EARLIER = Path(__file__).parents[1] / "golden" / "earlier_version"
EXPERIMENT = EARLIER / "earlier.yaml"
FINISHED = ("55ed5fde69d957f4", "703da90087ced4bd")
STOPPED = "1d3a9fc4ad5eb418"


@pytest.fixture(scope="module")
def earlier_data(tmp_path_factory):
    """The clips that the trials were trained on."""
    folder = tmp_path_factory.mktemp("earlier-data")
    made = Combo(folder, folder)(
        *("data", "synth", "--subset", "s4", "--out", folder, "--clips", 12, "--size", 32, "--seed", 0)
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def combo(tmp_path, earlier_data):
    combo = Combo(tmp_path, earlier_data)
    shutil.copytree(EARLIER / "storage", combo.storage)
    return combo


def test_no_trial_of_an_earlier_version_counts_as_new(combo):
    shown = combo("plan", EXPERIMENT)
    assert shown.returncode == 0, shown.stderr
    states = {line.split()[0]: line for line in shown.stdout.splitlines() if " earlier lambda-" in line}
    assert all("finished" in states[key] for key in FINISHED)
    assert "preempted" in states[STOPPED]
    assert len(states) == 4


def test_the_tables_of_an_earlier_version_are_the_same_byte_for_byte(combo, tmp_path):
    built = combo("report", "build", EXPERIMENT, "--out", tmp_path / "reports")
    assert built.returncode == 0, built.stderr
    tables = sorted((EARLIER / "tables").iterdir())
    assert len(tables) == 4
    for table in tables:
        assert (tmp_path / "reports" / "tables" / table.name).read_bytes() == table.read_bytes(), table.name


def test_scores_of_an_earlier_version_are_verified(combo):
    verified = combo("report", "verify", EXPERIMENT)
    assert verified.returncode == 0, verified.stderr
    assert "all 2 cells follow" in verified.stdout


@pytest.mark.slow
def test_a_trial_of_an_earlier_version_is_continued_and_finished_ones_stay_as_they_are(combo):
    finished = {path: path.read_bytes() for key in FINISHED for path in _files(combo.storage / "trials" / key)}
    run = combo("run", EXPERIMENT, "seeds=[0]")
    assert run.returncode == 0, run.stderr
    assert "lambda-10 s4 seed 0: started, continuing from step 15" in run.stdout
    assert (combo.storage / "trials" / STOPPED / "result.json").is_file()
    assert {path: path.read_bytes() for path in finished} == finished


def _files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]
