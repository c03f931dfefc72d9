"""A storage that is full in mid-sweep: a small file system of its own, in memory."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.faults.fault_report import note
from tests.faults.invariants import check_equal
from tests.faults.watched_sweep import THREE_TRIALS, WatchedSweep
from tests.orchestrator.combo_command import Combo

pytestmark = pytest.mark.minutes
SMALL, LARGE = "100m", "600m"
"""Room for some checkpoints of two trials, and for all of three."""


class SmallDisk:
    """A file system of limited size, mounted where only the processes that are started within it see it.

    Args:
        place: where it is mounted.
    """

    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True)
        self._place = place
        mount = 'mount -t tmpfs -o size="$1" tmpfs "$0" && echo mounted && exec sleep infinity'
        command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(place), SMALL]
        self._holder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        self.is_mounted = self._holder.stdout.readline() == "mounted\n"

    @property
    def within(self) -> list[str]:
        """Words that start a command within it."""
        return ["nsenter", "--target", str(self._holder.pid), "--user", "--mount", "--preserve-credentials"]

    @property
    def seen_from_outside(self) -> Path:
        """The same place for processes that are not within."""
        return Path(f"/proc/{self._holder.pid}/root{self._place}")

    def grow(self) -> None:
        """Makes room."""
        subprocess.run(
            [*self.within, "mount", "-o", f"remount,size={LARGE}", str(self._place)], check=True, capture_output=True
        )

    def close(self) -> str:
        """Unmounts it with its last process; returns what was said of why it could not be mounted."""
        self._holder.kill()
        return self._holder.communicate()[1]


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    disk = SmallDisk(tmp_path_factory.mktemp("small") / "my storage")
    if not disk.is_mounted:
        pytest.skip(f"no file system can be mounted here: {disk.close()}")
    yield disk
    disk.close()


@pytest.fixture(scope="module")
def full(small_disk, data):
    """A sweep whose storage becomes full, its states then, and the same command once there is room."""
    outside = small_disk.seen_from_outside
    combo = Combo(Path(str(outside).partition("/root")[2]).parent, data, within=small_disk.within)
    combo.storage = outside
    sweep = WatchedSweep(combo, THREE_TRIALS)
    paused = sweep.run()
    states = {state["trial"].split()[0]: state["state"] for state in sweep.states()}
    partial = [name.name for name in outside.glob("trials/*/checkpoints/*") if not (name / "manifest.json").exists()]
    small_disk.grow()
    return sweep, paused, states, partial, sweep.run()


def test_f8_a_full_disk_pauses_the_sweep_with_one_clear_line(full):
    _, paused, states, *_ = full

    assert paused.returncode == 4, paused.stdout + paused.stderr
    assert paused.stdout.count("the storage is full: paused; free space, then the same command continues") == 1
    assert "Traceback" not in paused.stdout + paused.stderr
    assert states["lambda-20"] == "new"


def test_f8_no_checkpoint_that_was_cut_short_is_listed(full):
    *_, partial, _ = full

    assert all(name.startswith(".") for name in partial)


def test_f8_with_room_again_the_sweep_ends_like_an_undisturbed_run(full, undisturbed):
    sweep, *_, resumed = full

    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    check_equal(sweep, undisturbed)
    note("F8", "storage full in mid-sweep", "steps since the last checkpoint that had room")
