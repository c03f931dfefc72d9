"""Storage that is damaged, littered or tidied up between the attempts of a trial, and while one runs. No Ray."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from experiments.load_experiment import load_experiment
from model.training.workers import Workers
from orchestrator.planning.plan import trials_on_data
from orchestrator.run_config import RunConfig
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.trial import heartbeat
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from orchestrator.trial.updates import Started
from tests.orchestrator.combo_command import TINY
from tests.orchestrator.driver import Driver

# Each injects a fault into trials that are trained for it. For each kind the fast suite has tests of fewer attempts: F4
# and F9 in tests/orchestrator/test_trial_attempts.py, F4 and F22 in tests/storage/test_damaged_trials.py.
pytestmark = pytest.mark.minutes

GARBAGE = {
    "trials/notes.txt": b"\xff\x00",
    "trials/.hidden/trial.json": b"{",
    "trials/{key}/core": b"\x7fELF",
    "trials/{key}/metrics/attempt-x.jsonl": b"{}\n",
    "trials/{key}/metrics/.attempt-1.jsonl.swp": b"\x00",
    "trials/{key}/checkpoints/step-000000x9/model.safetensors": b"half",
    "trials/{key}/checkpoints/.step-00000099.elsewhere.17.draft/model.safetensors": b"half",
    "trials/{key}/checkpoints/best-of-all/notes.txt": b"",
    "trials/{key}/attempts/mine.json": b"{}",
    "trials/{key}/logs/attempt-1.log.bak": b"",
}
"""Files by name, as editors, crashes and people leave them."""


@dataclass(frozen=True)
class Scene:
    """A storage with two finished trials and one that was cut off at its first validation, of step 3."""

    root: Path
    data: Path
    trials: list

    @property
    def cut_off(self):
        """The directory of the trial that can continue."""
        return Store(FolderStorage(self.root)).trial(self.trials[2].key)

    @property
    def words(self):
        """For the commands."""
        return (TINY, "--storage", self.root, "--data", self.data)

    def attempt(self, place):
        """The reports of another attempt of a trial, and the driver that it tells."""
        driver = Driver()
        context = RunContext(
            storage=FolderStorage(self.root), data=self.data, commit=None, config=RunConfig(checkpoint_every=1)
        )
        return run_trial(self.trials[place], context, Workers(), driver), driver

    def report(self, command):
        """The rebuilt tables, by file; pages and figures tell of what is unfinished as well."""
        out = self.root.parent / "report"
        said = command("report", "build", TINY, "--storage", self.root, "--data", self.data, "--out", out)
        assert said.code == 0, said.err
        files = [path for path in sorted(out.rglob("*")) if path.suffix in (".csv", ".md", ".tex")]
        return {path.relative_to(out): path.read_bytes() for path in files}


@pytest.fixture(autouse=True)
def one_thread():
    """Sums differ in their last bits with another number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, data):
    """Not to be changed."""
    torch.set_num_threads(1)
    trials = trials_on_data([load_experiment(str(TINY))], data)
    scene = Scene(tmp_path_factory.mktemp("prepared") / "storage", data, trials)
    for place in (0, 1):
        list(scene.attempt(place)[0])
    reports, _ = scene.attempt(2)
    next(reports)
    reports.close()
    return scene


@pytest.fixture
def scene(prepared, tmp_path):
    """A copy that a test may damage."""
    shutil.copytree(prepared.root, tmp_path / "storage")
    return Scene(tmp_path / "storage", prepared.data, prepared.trials)


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory):
    """The directory of the third trial as a single attempt leaves it."""
    scene = Scene(tmp_path_factory.mktemp("undisturbed"), prepared.data, prepared.trials)
    list(scene.attempt(2)[0])
    return scene.cut_off


def assert_equal(folder, undisturbed):
    for field in ("score", "validation", "best_step", "checkpoint"):
        assert getattr(folder.result, field) == getattr(undisturbed.result, field)
    last = "checkpoints/step-00000006/model.safetensors"
    assert (folder.path / last).read_bytes() == (undisturbed.path / last).read_bytes()


def test_f4_a_torn_metrics_line_is_passed_over_and_said(scene, command, undisturbed):
    file = scene.cut_off.metrics_file(1)
    with file.open("ab") as metrics:
        metrics.write(b'{"kind": "step", "att')

    told = command("logs", scene.trials[2].key, "--storage", scene.root)
    assert f"{file}: its last line is torn and passed over" in told.out
    list(scene.attempt(2)[0])
    assert {line.step for line in scene.cut_off.metric_lines()} == {1, 2, 3, 4, 5, 6}
    assert_equal(scene.cut_off, undisturbed)


def test_f4_a_truncated_identity_is_refused_by_name_and_other_trials_stand(scene, command):
    identity = scene.cut_off.path / "trial.json"
    identity.write_bytes(identity.read_bytes()[:40])

    status = command("status", *scene.words)
    assert f"damaged: lambda-20 s4 seed 0: {identity}: is damaged: " in status.out
    assert status.out.endswith(": 2 of 3 trials finished, 1 damaged\n")
    reports, _ = scene.attempt(2)
    with pytest.raises(Exception, match="is damaged"):
        next(reports)
    assert identity.stat().st_size == 40


def test_f4_garbage_in_the_storage_changes_nothing(scene, command, undisturbed):
    before = command("status", *scene.words).out, scene.report(command)
    for name, content in GARBAGE.items():
        for trial in scene.trials:
            path = scene.root / name.format(key=trial.key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    (scene.cut_off.path / "loop").symlink_to(scene.cut_off.path)

    assert (command("status", *scene.words).out, scene.report(command)) == before
    list(scene.attempt(2)[0])
    assert_equal(scene.cut_off, undisturbed)


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "manifest.json"])
def test_f9_a_flipped_byte_is_found_before_loading_and_the_checkpoint_before_is_used(scene, undisturbed, file):
    newest = max(scene.cut_off.checkpoints.glob("step-*"))
    content = bytearray((newest / file).read_bytes())
    content[len(content) // 2] ^= 1
    (newest / file).write_bytes(content)

    reports, driver = scene.attempt(2)
    list(reports)
    assert driver.told[0] == Started(scene.trials[2], attempt=2, step=1)
    log = (scene.cut_off.path / "logs/attempt-2.log").read_text()
    assert f"{newest.name} is damaged ({file}); using an earlier one" in log
    assert_equal(scene.cut_off, undisturbed)


def test_f22_gc_takes_nothing_from_a_trial_that_runs_nor_what_a_table_uses(scene, command, undisturbed, monkeypatch):
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 3600)  # so that the reported step stays
    reports, _ = scene.attempt(2)
    next(reports)
    tables = scene.report(command)
    before = _checkpoints(scene)
    listed = {name for name in before if name in command("gc", "--storage", scene.root).out}
    assert _checkpoints(scene) == before
    command("gc", "--storage", scene.root, "--delete")
    freed = before - _checkpoints(scene)

    assert freed == listed
    assert scene.report(command) == tables
    finished = [Store(FolderStorage(scene.root)).trial(trial.key) for trial in scene.trials[:2]]
    assert {name.split("/")[1] for name in freed} == {folder.path.name for folder in finished}
    for folder in finished:
        assert [path.name for path in folder.checkpoints.iterdir()] == [folder.tested_checkpoint.name]
    list(reports)
    assert_equal(scene.cut_off, undisturbed)


def _checkpoints(scene):
    return {path.relative_to(scene.root).as_posix() for path in scene.root.glob("trials/*/checkpoints/*")}
