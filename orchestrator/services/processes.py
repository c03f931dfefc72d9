"""Processes that outlive the command that started them, known by their id and the moment of their start."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

START_TOLERANCE = 2.0
"""Seconds by which the system may tell the start of one process differently, as its clock is set."""
LAST_WORDS = 300
"""Characters of a log that a message repeats."""


@dataclass(frozen=True)
class StartedProcess:
    """A process that we started."""

    pid: int
    started: float
    """Seconds since 1970: after a reboot another process may have the same id."""

    def find(self) -> psutil.Process | None:
        """The process, if it still runs."""
        try:
            found = psutil.Process(self.pid)
            is_same = abs(found.create_time() - self.started) < START_TOLERANCE
            return found if is_same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def stop(self, ask: signal.Signals, seconds: float) -> None:
        """Ends the process and all that descend from it, and nothing else.

        Args:
            ask: the signal that lets it end by itself.
            seconds: for which it may take its time; then it is killed.
        """
        if (process := self.find()) is None:
            return
        with suppress(psutil.NoSuchProcess):
            family = [process, *process.children(recursive=True)]
            process.send_signal(ask)
            psutil.wait_procs(family[:1], timeout=seconds)
            for left in family:
                with suppress(psutil.NoSuchProcess):
                    left.kill()
            psutil.wait_procs(family, timeout=seconds)


def start(command: Sequence[str], environment: Mapping[str, str], log: Path, user: str | None = None) -> StartedProcess:
    """Starts a process that does not end with this one, nor with its terminal.

    Args:
        command: words; the first one is a path.
        environment: all of its variables.
        log: file to which it writes.
        user: to run as, if not this one.

    Raises:
        OSError: there is no such program, or this user may not start it.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd="/",
            user=user,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    process.returncode = 0  # it is not this process's to wait for, and is not to be warned about
    return StartedProcess(process.pid, psutil.Process(process.pid).create_time())


def last_words(log: Path) -> str:
    """The end of a log, as one line."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "it wrote no log"
    said = next((line.strip() for line in reversed(lines) if line.strip()), "it says nothing")
    return said[-LAST_WORDS:]
