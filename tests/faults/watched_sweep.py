"""A sweep in a storage of its own, looked at from outside while the command runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from experiments.records import AttemptRecord
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.store.trial_folder import TrialFolder
from orchestrator.trial.leases import attempt_numbers, read_attempt
from tests.orchestrator.combo_command import Combo, wait_until

CHECKPOINT_EVERY = 5
FOLDER = Path(__file__).parent
THREE_TRIALS = FOLDER / "three_trials.yaml"
PAIR = (FOLDER / "group.yaml", "--scale", "two")
END_SECONDS = 900


class WatchedSweep:
    """Trials that the real command runs.

    Args:
        combo: the command, with the storage.
        words: that name the trials.
        keys: of the trials by variant.
    """

    def __init__(self, combo: Combo, *words: object) -> None:
        self.combo, self.words = combo, words
        self.store = Store(FolderStorage(combo.storage))
        self.keys = {state["trial"].split()[0]: state["key"] for state in self.states()}

    def states(self) -> list[dict[str, object]]:
        """What `combo status` says of the trials now."""
        status = self.combo("status", *self.words, "--json")
        assert status.returncode == 0, status.stderr
        return json.loads(status.stdout)["trials"]

    def trial(self, variant: str) -> TrialFolder:
        """The directory of a trial."""
        return self.store.trial(self.keys[variant])

    def start(self, *options: object, verb: str = "run") -> subprocess.Popen[str]:
        """Starts the sweep."""
        return self.combo.start(verb, *self.words, "--checkpoint-every", CHECKPOINT_EVERY, *options)

    def run(self, *options: object, verb: str = "run") -> subprocess.CompletedProcess[str]:
        """Runs the sweep to its end."""
        return ended(self.start(*options, verb=verb))

    def steps(self, variant: str, attempt: int) -> list[int]:
        """Optimiser steps that an attempt has written down so far."""
        lines = self.trial(variant).metric_lines()
        return [line.step for line in lines if line.kind == "step" and line.attempt == attempt]

    def attempts(self, variant: str) -> list[AttemptRecord]:
        """All attempts so far, in order."""
        storage, key = self.store.storage, self.keys[variant]
        records = (read_attempt(storage, key, number) for number in attempt_numbers(storage, key))
        return [record for record in records if record is not None]

    def wait_for_step(self, variant: str, attempt: int, step: int) -> None:
        """Returns once an attempt has passed a step."""
        wait_until(lambda: max(self.steps(variant, attempt), default=0) >= step, END_SECONDS)

    def writer(self, variant: str, attempt: int) -> int:
        """Id of the process that writes the trial: its only worker, or the first one of its group."""
        pid = self.combo.process_writing(self.trial(variant).metrics_file(attempt))
        assert pid is not None
        return pid

    def other_worker(self, variant: str, attempt: int) -> int:
        """Id of the second worker of a group."""
        first = self.writer(variant, attempt)
        (other,) = [pid for pid in self.combo.processes() if _is_train_worker(pid) and pid != first]
        return other

    def recovered_after(self, variant: str, attempt: int) -> float:
        """Seconds from now until an attempt has written its first step."""
        began = time.monotonic()
        self.wait_for_step(variant, attempt, 1)
        return time.monotonic() - began

    def report(self) -> dict[str, bytes]:
        """The rebuilt tables and figures, by file."""
        folder = self.combo.folder / "reports"
        told = self.combo("report", "build", *self.words, "--out", folder)
        assert told.returncode == 0, told.stderr
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}

    def last_weights(self, variant: str) -> bytes:
        """Weights after the last step."""
        folder = self.trial(variant)
        return (folder.checkpoints / f"step-{folder.steps_done:08d}" / "model.safetensors").read_bytes()


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Waits for a command and takes what it said."""
    out, err = process.communicate(timeout=END_SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def kill(pid: int) -> None:
    """As the kernel does when memory is short."""
    os.kill(pid, signal.SIGKILL)


def _is_train_worker(pid: int) -> bool:
    try:
        return "TrainWorker" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
