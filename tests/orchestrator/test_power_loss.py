"""What is left of a trial when the power is lost: what was flushed to disk, and of everything else an empty file.

Nobody can cut the power of a test; that is what file systems usually take from files that were renamed into place.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from combo_command import TINY
from driver import Driver

from experiments.load_experiment import load_experiment
from model.metrics.protocol import ClipScore, Score
from model.training import events
from model.training.checkpoint import best_folder
from model.training.workers import Workers
from orchestrator.planning.plan import make_plan, trials_on_data
from orchestrator.run_config import RunConfig
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial

pytestmark = pytest.mark.usefixtures("one_thread")
FSYNC = os.fsync


class Disk:
    """Knows what was flushed to disk, in order."""

    def __init__(self) -> None:
        self.flushed: list[str] = []
        self._safe: set[tuple[int, int, int]] = set()

    def flush(self, descriptor: int) -> None:
        """In place of `os.fsync`, which it calls."""
        FSYNC(descriptor)
        self.flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        self._safe.add(_state(os.fstat(descriptor)))

    def lose_power(self, root: Path) -> list[str]:
        """Empties all files below a folder that were not flushed as they are now; returns their names."""
        lost = [path for path in sorted(root.rglob("*")) if path.is_file() and _state(path.stat()) not in self._safe]
        for path in lost:
            path.write_bytes(b"")
        return [path.relative_to(root).as_posix() for path in lost]


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


@pytest.fixture
def disk(monkeypatch):
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.flush)
    return disk


@pytest.fixture
def trial(data):
    return trials_on_data([load_experiment(str(TINY))], data)[0]


@pytest.fixture
def attempt(data, trial):
    """Starts an attempt in a storage; returns its reports."""

    def start(root, told=None):
        context = RunContext(FolderStorage(root), data=data, commit=None, config=RunConfig(checkpoint_every=1))
        return run_trial(trial, context, Workers(), told or Driver())

    return start


def _no_training(config, execution, workers) -> Iterator[object]:  # noqa: ARG001
    score, best = Score(0.5, 0.5, 1), best_folder(execution.checkpoints, 1)
    yield events.Stepped(1, {"mask": 1.0}, lr=1.0, gradient_norm=1.0, seconds=0.0)
    yield events.Evaluated(1, score, [])
    best.mkdir(parents=True)
    (best / "model.safetensors").touch()
    clips = [ClipScore("clip", "category", m_j=0.5, m_f=0.5, frames=1, empty_frames=0)]
    yield events.Tested(
        1, best, score, score, clips, {}, [], parameters=1, trainable_parameters=1, seconds_per_clip=1.0
    )


def test_an_empty_trial_flushes_its_identity_then_its_result_with_what_that_names(
    attempt, trial, disk, tmp_path, monkeypatch
):
    monkeypatch.setattr("orchestrator.trial.run_trial.fit", _no_training)
    appeared = []
    link = os.link
    monkeypatch.setattr(os, "link", lambda path, to: (appeared.append((to.name, len(disk.flushed))), link(path, to)))
    list(attempt(tmp_path))

    names = [Path(path).name.removeprefix(".").partition(".json.")[0] for path in disk.flushed]
    assert names[0] == "trial"
    assert sorted(names[1:]) == ["attempt-1.jsonl", "result", "scores.parquet"]
    assert appeared == [("1.json", 0), ("result.json", len(names))]
    assert Store(FolderStorage(tmp_path)).trial(trial.key).last_attempt.ended == "finished"


def test_a_finished_trial_and_all_that_its_result_names_outlive_a_power_loss(attempt, trial, disk, tmp_path):
    list(attempt(tmp_path))
    lost = disk.lose_power(tmp_path)

    store = Store(FolderStorage(tmp_path))
    folder = store.trial(trial.key)
    unflushed = {"attempts/1.json", "logs/attempt-1.log", "previews/attempt-1.npz"}
    assert {name.removeprefix(f"trials/{trial.key}/") for name in lost} <= unflushed
    for file, checksum in folder.result.checksums.items():
        assert hashlib.sha256((folder.path / file).read_bytes()).hexdigest() == checksum
    assert make_plan("tiny", [trial], store).finished == [trial]


def test_a_trial_whose_machine_lost_its_power_continues_from_its_checkpoint(attempt, trial, disk, tmp_path):
    list(attempt(tmp_path / "undisturbed"))
    reports = attempt(tmp_path / "cut")
    next(reports)
    reports.close()
    disk.lose_power(tmp_path / "cut")

    driver = Driver()
    list(attempt(tmp_path / "cut", driver))

    ours, theirs = (Store(FolderStorage(tmp_path / name)).trial(trial.key) for name in ("cut", "undisturbed"))
    assert (driver.told[0].attempt, driver.told[0].step) == (2, 2)
    assert ours.result.score == theirs.result.score
    for checkpoint in ("checkpoints/step-00000006/model.safetensors", f"{theirs.result.checkpoint}/model.safetensors"):
        assert (ours.path / checkpoint).read_bytes() == (theirs.path / checkpoint).read_bytes()
