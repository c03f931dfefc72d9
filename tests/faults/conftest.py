from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.watched_sweep import PAIR, THREE_TRIALS, WatchedSweep, kill
from tests.orchestrator.combo_command import Combo

CLIPS, SIZE = 20, 32
SCENARIO_SECONDS = 1800
"""For a fault with all that it is compared with, on a machine that is busy with other things."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives scenarios more time than other tests."""
    for item in items:
        if item.get_closest_marker("minutes"):
            item.add_marker(pytest.mark.timeout(SCENARIO_SECONDS))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic S4 data set of 20 clips at 32 pixels, made by the command itself; not to be changed."""
    folder = tmp_path_factory.mktemp("data")
    made = Combo(folder, folder)("data", "synth", "--subset", "s4", "--out", folder, "--clips", CLIPS, "--size", SIZE)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def new_combo(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Iterator[Callable[..., Combo]]:
    """Makes the command with a storage of its own, and more variables if wanted; none of its processes stays."""
    made: list[Combo] = []

    def make(**environment: str) -> Combo:
        made.append(Combo(tmp_path_factory.mktemp("sweep"), data, **environment))
        return made[-1]

    yield make
    for combo in made:
        for pid in combo.processes():
            with suppress(ProcessLookupError):
                kill(pid)


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
