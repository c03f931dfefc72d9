from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from combo_command import TINY, Combo, wait_until

from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.store.trial_folder import TrialFolder

CLIPS, SIZE = 20, 32


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic S4 data set of 20 clips at 32 pixels, made by the command itself; not to be changed."""
    folder = tmp_path_factory.mktemp("data")
    made = Combo(folder, folder)("data", "synth", "--subset", "s4", "--out", folder, "--clips", CLIPS, "--size", SIZE)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def earlier_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips that the trials of the earlier version were trained on."""
    folder = tmp_path_factory.mktemp("earlier-data")
    made = Combo(folder, folder)(
        *("data", "synth", "--subset", "s4", "--out", folder, "--clips", 12, "--size", 32, "--seed", 0)
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def combo(tmp_path: Path, data: Path) -> Combo:
    """The command, with a storage of its own."""
    return Combo(tmp_path, data)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As many threads as Ray gives a worker of one CPU: sums differ in their last bits with another number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def frequent_heartbeats() -> Iterator[float]:
    """Ten times as many heartbeats: the seconds after which every living attempt has sent one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestrator.trial.heartbeat.HEARTBEAT_SECONDS", 0.5)
        patch.setattr("orchestrator.trial.heartbeat.LOOK_SECONDS", 0.1)
        yield 2.0


@dataclass(frozen=True)
class Sweep:
    """A sweep that ran once, for all tests that only look at it."""

    combo: Combo
    data: Path
    words: tuple[object, ...]
    run: subprocess.CompletedProcess[str]
    left_over: list[int]
    """Processes that were alive some seconds after the command had ended."""

    @property
    def trials(self) -> list[TrialFolder]:
        """Its trial directories."""
        store = Store(FolderStorage(self.combo.storage))
        return [store.trial(folder.name) for folder in sorted((self.combo.storage / "trials").iterdir())]


@pytest.fixture(scope="session")
def sweep(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Sweep:
    """Two trials with one worker and one with two, on real Ray, mirrored to MLflow in SQLite.

    They run from a folder whose own `model.py` must not be taken for the package.
    """
    combo = Combo(tmp_path_factory.mktemp("sweep"), data)
    (combo.folder / "model.py").write_text("raise SystemError('this is not the package')\n")
    words = (TINY, "--scale", "group")
    run = combo("run", *words, "--checkpoint-every", 2)
    with suppress(AssertionError):
        wait_until(lambda: not combo.processes(), 15)
    return Sweep(combo, data, words, run, combo.processes())
