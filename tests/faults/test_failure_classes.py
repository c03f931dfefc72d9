"""A loss that is not finite, too little memory, broken data, an absent package: each is named, none is tried again."""

from __future__ import annotations

import shutil

import pytest

from tests.faults.fault_report import note
from tests.faults.invariants import check_storage
from tests.faults.watched_sweep import FOLDER, WatchedSweep
from tests.orchestrator.combo_command import Combo

pytestmark = pytest.mark.minutes
FAILING, BROKEN_DATA, GROUP = FOLDER / "failing.yaml", FOLDER / "broken_data.yaml", FOLDER / "group.yaml"


@pytest.fixture(scope="module")
def torn_data(tmp_path_factory, data):
    """The data set, and one of MS3 whose frames were cut off in a transfer."""
    folder = tmp_path_factory.mktemp("torn") / "data"
    shutil.copytree(data, folder)
    made = Combo(folder, folder)("data", "synth", "--subset", "ms3", "--out", folder, "--clips", 20, "--size", 32)
    assert made.returncode == 0, made.stderr
    frames = list(folder.glob("*/*/ms3_data/visual_frames/**/*.png"))
    assert frames
    for frame in frames:
        frame.write_bytes(frame.read_bytes()[:50])
    return folder


@pytest.fixture(scope="module")
def failing(tmp_path_factory, torn_data):
    """A sweep with four ways to fail and a sound trial; and what the command said."""
    sweep = WatchedSweep(Combo(tmp_path_factory.mktemp("failing"), torn_data), FAILING, BROKEN_DATA)
    return sweep, sweep.run("--retries", 3)


@pytest.fixture(scope="module")
def without_timm(tmp_path_factory, data):
    """A sweep where the processes of trials lack a package; and what the command said."""
    folder = tmp_path_factory.mktemp("incomplete")
    (folder / "timm").mkdir()
    (folder / "timm" / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'timm'\", name='timm')\n")
    sweep = WatchedSweep(Combo(tmp_path_factory.mktemp("without"), data, PYTHONPATH=str(folder)), GROUP)
    return sweep, sweep.run("--retries", 3)


@pytest.mark.parametrize(
    ("variant", "category", "kind", "said"),
    [
        ("diverging", "diverged", "FloatingPointError", "loss is not finite at step 2"),
        ("greedy", "out-of-memory", "RuntimeError", "lower --micro-batch, or give the trial more workers"),
        ("torn", "exception", "DataError", "cannot be used"),
    ],
)
def test_f17_each_failure_has_its_class_and_its_message_and_is_not_retried(failing, variant, category, kind, said):
    sweep, run = failing
    failure = sweep.trial(variant).failure

    assert (failure.category, failure.kind) == (category, kind)
    assert said in failure.message
    assert f"failed: {variant}" in run.stdout
    assert [record.ended for record in sweep.attempts(variant)] == ["failed"]
    note("F17", f"{variant}: {kind}", "the trial, until `combo retry`")


def test_f17_a_package_that_is_absent_where_trials_run_is_named_and_not_retried(without_timm):
    sweep, run = without_timm
    failure = sweep.trial("pair").failure

    assert run.returncode == 1
    assert (failure.category, failure.kind) == ("import-error", "ModuleNotFoundError")
    assert "No module named 'timm'" in failure.message
    assert "No module named 'timm'" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
    assert len(sweep.attempts("pair")) <= 1
    note("F17", "import of an absent package", "the trial, until `combo retry`")


def test_f17_the_sound_trial_finishes_and_the_command_fails(failing):
    sweep, run = failing

    assert run.returncode == 1
    assert "1 of 4 trials finished" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
    assert sweep.trial("sound").result is not None
    check_storage(sweep)


def test_f17_the_same_command_leaves_them_alone_and_names_the_verb_that_does_not(failing):
    sweep, _ = failing
    again = sweep.run()

    assert again.returncode == 1
    assert "nothing to run; `combo retry` gives failed trials another attempt" in again.stdout
    assert {len(sweep.attempts(variant)) for variant in sweep.keys} == {1}
