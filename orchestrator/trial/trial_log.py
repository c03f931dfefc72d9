"""Keeps the log messages of an attempt's process in a file of the trial directory."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.redaction import redacted

ROOMS = ("model", "experiments", "orchestrator")
"""Packages whose log messages are kept; those of libraries go to the terminal only."""
MOST_BYTES = 1_000_000
"""Largest size of one attempt's log; a warning at every step must not fill the storage."""
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
TIME = "%Y-%m-%dT%H:%M:%SZ"


@contextmanager
def kept_log(path: Path) -> Iterator[None]:
    """Writes what our own code logs, tracebacks included and secrets left out, to a file while the context is open.

    A file that cannot be written is no reason to end a trial: the lines are lost then.

    Args:
        path: of the log; lines are added to what is there.
    """
    handler = _AttemptLog(path)
    rooms = [logging.getLogger(room) for room in ROOMS]
    levels = [room.level for room in rooms]
    for room in rooms:
        room.addHandler(handler)
        room.setLevel(handler.level)
    try:
        yield
    finally:
        for room, level in zip(rooms, levels, strict=True):
            room.removeHandler(handler)
            room.setLevel(level)
        handler.close()


class _WithoutSecrets(logging.Formatter):
    """Lines in UTC, with credentials left out."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class _AttemptLog(logging.Handler):
    """Opens its file with the first line, so that an attempt without log lines leaves none."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(_WithoutSecrets(LINE, TIME))
        self._path = path
        self._room = MOST_BYTES

    def emit(self, record: logging.LogRecord) -> None:
        if self._room <= 0:
            return
        line = self.format(record) + "\n"
        self._room -= len(line.encode())
        if self._room <= 0:
            line = f"{line[: line.index(' ')]} WARNING {__name__}: the log is full, further lines are dropped\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError:
            self._room = 0
