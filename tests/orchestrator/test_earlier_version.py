"""A storage that an earlier version of combo wrote (commit f3ab88b) is read, reported, verified and continued.

`tests/golden/earlier_version` holds two finished trials, one that was stopped at step 15 of 30, and the tables that the
earlier version built from them.
"""

from __future__ import annotations

import re
import shutil

import pytest
from combo_command import EARLIER, Combo

EXPERIMENT = EARLIER / "earlier.yaml"
FINISHED = ("55ed5fde69d957f4", "703da90087ced4bd")
STOPPED = "1d3a9fc4ad5eb418"
RULE_AS_IT_IS_STORED = (
    b", empty masks: J: share of background pixels predicted background; F: frame skipped, clip of empty frames is 0"
)


@pytest.fixture
def combo(tmp_path, earlier_data, head):
    combo = Combo(tmp_path, earlier_data, **head.environment)
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
        name = table.name.replace(".tex", "_audit.tex")  # as LaTeX for a supplement is called since
        built = (tmp_path / "reports" / "tables" / name).read_bytes()
        assert _as_it_was(built) == table.read_bytes(), table.name


def _as_it_was(table):
    """Without what is said otherwise since: the command that fills a table, labels, and a rule of scoring in words."""
    without_cost = re.sub(rb" \(2 trials, about \d+ s of worker time\):$", rb":", table, flags=re.M)
    without_path = without_cost.replace(f"combo run {EXPERIMENT}".encode(), b"combo run earlier")
    without_words = re.sub(rb"; a frame without an object .* scores 0 in M\\*_F", RULE_AS_IT_IS_STORED, without_path)
    return without_words.replace(b"{tab:earlier-audit}", b"{tab:earlier}")


def test_scores_of_an_earlier_version_are_verified(combo):
    verified = combo("report", "verify", EXPERIMENT)
    assert verified.returncode == 0, verified.stderr
    assert "all 2 cells follow" in verified.stdout


def test_a_manuscript_is_held_against_what_is_stored(combo, tmp_path):
    paper = tmp_path / "paper.tex"
    paper.write_text("Without the loss\nthe mIoU on S4 is 6.4,\nand the F-score 14.8.\n")
    checked = combo("report", "check", paper, EXPERIMENT)
    assert checked.returncode == 1, checked.stderr
    assert f"{paper}:3: 14.8, stored is 14.3: the nearest is earlier/lambda-0/s4/m_f" in checked.stdout
    assert "numbers: 0 bound, 1 typed and as stored, 1 that disagrees" in checked.stdout
    paper.write_text("Without the loss the F-score on S4 is 14.3.\n")
    assert combo("report", "check", paper, EXPERIMENT).returncode == 0
    assert combo("report", "check", tmp_path / "none.tex", EXPERIMENT).returncode == 2


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
