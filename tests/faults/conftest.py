from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.watched_sweep import PAIR, THREE_TRIALS, WatchedSweep
from tests.orchestrator.combo_command import Combo

CLIPS, SIZE = 20, 32


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic S4 data set of 20 clips at 32 pixels, made by the command itself; not to be changed."""
    folder = tmp_path_factory.mktemp("data")
    made = Combo(folder, folder)("data", "synth", "--subset", "s4", "--out", folder, "--clips", CLIPS, "--size", SIZE)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def new_combo(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Callable[..., Combo]:
    """Makes the command with a storage of its own, and more variables if wanted."""
    return lambda **environment: Combo(tmp_path_factory.mktemp("sweep"), data, **environment)


@pytest.fixture(scope="session")
def undisturbed(new_combo: Callable[..., Combo]) -> WatchedSweep:
    """The three trials of one worker, without any fault; all scenarios are compared with it."""
    return _without_fault(WatchedSweep(new_combo(), THREE_TRIALS))


@pytest.fixture(scope="session")
def undisturbed_pair(new_combo: Callable[..., Combo]) -> WatchedSweep:
    """The trial on two workers, without any fault."""
    return _without_fault(WatchedSweep(new_combo(), *PAIR))


def _without_fault(sweep: WatchedSweep) -> WatchedSweep:
    run = sweep.run()
    assert run.returncode == 0, run.stdout + run.stderr
    return sweep
