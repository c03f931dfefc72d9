"""The `combo` command as users call it, and what it leaves running."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from orchestrator.cli.app import main

COMBO = Path(sys.executable).with_name("combo")
EXPERIMENTS = Path(__file__).parent
TINY = EXPERIMENTS / "tiny.yaml"
EARLIER = EXPERIMENTS.parent / "golden" / "earlier_version"
"""A storage that an earlier version of combo wrote, the experiment that it is of, and the tables of that version."""
MARK = "COMBO_TEST_MARK"
OURS = ("COMBO_", "RAY_", "MLFLOW_", "OMP_")
"""Variables of the caller that would change what a command does."""
STARTS_PROCESSES = ("run", "retry", "submit", "doctor", "mlflow", "watch", "stop")
"""Verbs that start Ray or a server, replace their process or wait for another one."""


class Combo:
    """The command with a data and a storage folder of its own, on a Ray of two CPUs whatever the machine has.

    Args:
        folder: in which it runs.
        data: of the clips.
        within: words before it that make it run in other surroundings.
        environment: further variables.
    """

    def __init__(self, folder: Path, data: Path, within: Sequence[object] = (), **environment: str) -> None:
        self.folder, self.storage = folder, folder / "my storage"
        self._within = within
        self._mark = uuid.uuid4().hex
        caller = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self._environment = {
            **caller,
            "COMBO_DATA": str(data),
            "COMBO_STORAGE": str(self.storage),
            "RAY_OVERRIDE_RESOURCES": '{"CPU": 2}',
            "COLUMNS": "200",
            MARK: self._mark,
            **environment,
        }

    def __call__(self, *words: object, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end: in this process, which has imported everything already, or in one of its own."""
        if not self._within and (not words or words[0] not in STARTS_PROCESSES):
            return self._here(*map(str, words))
        process = self.start(*words)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Starts a command in a process group of its own, as a shell does."""
        return subprocess.Popen(
            [*map(str, self._within), COMBO, *map(str, words)],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _here(self, *words: str) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with (
            patch.dict(os.environ, self._environment, clear=True),
            patch.object(sys, "argv", ["combo", *words]),
            chdir(self.folder),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
        assert isinstance(code, int)
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    def processes(self) -> list[int]:
        """Ids of all living processes that descend from these commands, orphans included."""
        mark = f"{MARK}={self._mark}".encode()
        pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        return [pid for pid in pids if mark in _read(pid, "environ")]

    def process_writing(self, path: Path) -> int | None:
        """Id of the process that has a file open."""
        for pid in self.processes():
            try:
                if any(link.readlink() == path for link in Path(f"/proc/{pid}/fd").iterdir()):
                    return pid
            except OSError:
                continue
        return None


def wait_until(condition: Callable[[], object], seconds: float = 120, every: float = 0.02) -> None:
    """Returns once the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"did not happen within {seconds} s"
        time.sleep(every)


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
