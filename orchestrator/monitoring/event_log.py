"""The event log: what a run says, as JSON objects on lines of their own, for programs that collect logs."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console

from experiments.trial import Trial
from orchestrator.monitoring.sweep_progress import SweepProgress
from orchestrator.trial.updates import Awaited, Ended, Failed, Finished, Measured, Started, Update

WIDTH = 10_000
"""Characters of a message's line: it is for programs, so nothing is broken to fit a terminal."""


class EventLog:
    """Writes events of one sweep; from any thread.

    Args:
        stream: gets one line of ASCII for each event, at once.
        sweep: its name, in every event.
    """

    def __init__(self, stream: TextIO, sweep: str) -> None:
        self._stream, self._sweep = stream, sweep
        self._lock = threading.Lock()

    def write(self, event: str, **fields: str | float | bool | None) -> None:
        """Writes an event with its time in UTC; fields that are None are left out."""
        given = {name: value for name, value in fields.items() if value is not None}
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, "sweep": self._sweep, "event": event, **given}, allow_nan=False)
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()

    def console(self) -> Console:
        """A console whose lines become events `message`, for the sentences that a run prints before and after."""
        return Console(file=_Messages(self), width=WIDTH, force_terminal=False, color_system=None, highlight=False)


class _Messages(io.StringIO):
    """A text file that turns each line into an event."""

    def __init__(self, log: EventLog) -> None:
        super().__init__()
        self._log, self._begun = log, ""

    def write(self, text: str, /) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if line.strip():
                self._log.write("message", message=line.rstrip())
        return len(text)


class TrialEvents:
    """A listener that writes an event for each change of a trial: those which the live view prints as lines of text.

    Args:
        log: where to.
        trials: those that run.
    """

    def __init__(self, log: EventLog, trials: Sequence[Trial]) -> None:
        self._log, self._progress = log, SweepProgress(trials)

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        progress = self._progress.take(update)
        if progress is None:
            return
        trial = progress.trial

        def write(event: str, score: float | None = None, **fields: str | float | bool | None) -> None:
            of_trial = {"trial": trial.key, "variant": trial.variant, "task": trial.task, "start": trial.start}
            self._log.write(event, **of_trial, seed=trial.seed, step=progress.step, score=score, **fields)

        match update:
            case Started():
                write("started", attempt=update.attempt, steps=progress.total)
            case Measured() if update.line.kind == "evaluation":
                seconds = self._progress.seconds_left()
                left = None if seconds is None else round(seconds)
                write("measured", update.line.values["m_j"], steps=progress.total, seconds_left=left)
            case Finished():
                score = update.result.score
                unusable = sum(map(len, update.result.quarantined.values()))
                write("finished", score.m_j, m_f=score.m_f, quarantined=unusable)
            case Failed():
                failure = update.failure
                why = f"{failure.kind}: {failure.message}"
                write("failed", attempt=failure.attempt, category=failure.category, reason=why, again=update.again)
            case Awaited():
                write("awaited", where=update.where)
            case Ended():
                write("ended", ending=update.ending)
