"""Claims on trials, so that no trial runs twice at once, whoever started the drivers and whatever their clocks say.

An attempt is claimed by making its file, which only one caller can. It lives as long as its beat changes. Whoever
wants the trial watches the beat by a clock of its own, and claims the next attempt once it has stood still; the one
that was thought dead notices the next attempt and ends without a result.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from datetime import UTC, datetime

from pydantic import ValidationError

from experiments.records import ATTEMPT_NAME, ATTEMPTS_DIR, TRIALS, AttemptRecord, Ending
from orchestrator.storage.storage import Storage
from orchestrator.store.stored_documents import record_bytes
from orchestrator.trial.process_identity import is_dead, this_process

BEAT_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
"""A beat that has stood still for so long belongs to nobody; long enough for what shared folders cache."""


class AttemptTakenError(Exception):
    """Somebody else runs the trial."""


class Attempt:
    """An attempt that this process holds.

    Args:
        storage: of the trial.
        key: of the trial.
        number: one more than the attempt before.
        workers: that run it.
        device: they run on.
        commit: of the code that runs.

    Raises:
        AttemptTakenError: the number is claimed already.
    """

    def __init__(
        self, storage: Storage, key: str, number: int, workers: int, device: str, commit: str | None = None
    ) -> None:
        self._storage, self._key = storage, key
        self._step = 0
        self._best: float | None = None
        self.record = AttemptRecord(
            attempt=number,
            host=socket.gethostname(),
            process=this_process(),
            workers=workers,
            device=device,
            commit=commit,
            started=_now(),
            seen=_now(),
        )
        if not storage.create(_file(key, number), record_bytes(self.record)):
            raise AttemptTakenError(f"attempt {number} of trial {key} is claimed by another run")

    def progress(self, step: int, m_j: float | None) -> None:
        """Training has come this far; the next beat tells it."""
        self._step = step
        if m_j is not None:
            self._best = m_j if self._best is None else max(self._best, m_j)

    def renew(self) -> None:
        """Says that the attempt lives, and how far it is."""
        self._write(beat=self.record.beat + 1)

    def end(self, ending: Ending, reason: str = "") -> None:
        """Gives the trial back."""
        self._write(ended=ending, reason=reason)

    def is_superseded(self) -> bool:
        """Whether somebody has ended this attempt, as the driver does with what is pruned, or has claimed the next."""
        number = self.record.attempt
        own = read_attempt(self._storage, self._key, number)
        if own is not None and own.ended is not None and self.record.ended is None:
            return True
        return self._storage.read(_file(self._key, number + 1)) is not None

    def is_asked_to_stop(self) -> bool:
        """Whether `combo stop` names this attempt."""
        return self._storage.read(_stop_file(self._key, self.record.attempt)) is not None

    def _write(self, **changes: object) -> None:
        now = {"seen": _now(), "step": self._step, "best": self._best}
        self.record = self.record.model_copy(update={**now, **changes})
        self._storage.write(_file(self._key, self.record.attempt), record_bytes(self.record))


class AttemptWatch:
    """Tells which trials are free, from the beats that this process has seen.

    Args:
        storage: of the trials.
        patience: seconds for which the beat of a living attempt may stand still.
    """

    def __init__(self, storage: Storage, patience: float = PATIENCE_SECONDS) -> None:
        self._storage, self._patience = storage, patience
        self._seen: dict[str, tuple[AttemptRecord, float]] = {}
        self._last: dict[str, int] = {}
        self._asking = 0.0
        """Seconds spent on questions to storage: while it is away no beat can be heard, and none counts as missed."""

    def holder(self, key: str) -> AttemptRecord | None:
        """The attempt that has the trial now, as far as can be known; None if it is free."""
        asked = time.monotonic()
        self._last[key] = max(attempt_numbers(self._storage, key), default=0)
        last = read_attempt(self._storage, key, self._last[key])
        self._asking += time.monotonic() - asked
        now = time.monotonic() - self._asking
        if last is None or last.ended is not None or is_dead(last.process):
            self._seen.pop(key, None)
            return None
        known, since = self._seen.get(key, (None, 0.0))
        if known != last:
            self._seen[key] = last, now
            return last
        return None if now - since > self._patience else last

    def next_number(self, key: str) -> int:
        """Of the attempt that may be claimed if the trial was free when last looked at.

        Whoever claims since then takes this number, and nobody can take it again.
        """
        return self._last[key] + 1


def last_attempt(storage: Storage, key: str) -> AttemptRecord | None:
    """The newest attempt as it is stored now."""
    numbers = attempt_numbers(storage, key)
    return read_attempt(storage, key, numbers[-1]) if numbers else None


def attempt_numbers(storage: Storage, key: str) -> list[int]:
    """Of all attempts that were ever claimed, ascending."""
    folder = f"{TRIALS}/{key}/{ATTEMPTS_DIR}"
    below = (name.removeprefix(f"{folder}/") for name in storage.names(folder))
    return ATTEMPT_NAME.numbers((name for name in below if "/" not in name), folder)


def read_attempt(storage: Storage, key: str, number: int) -> AttemptRecord | None:
    """One attempt; None if its file is gone or damaged, which then holds nothing back."""
    content = storage.read(_file(key, number))
    with suppress(ValidationError):
        return None if content is None else AttemptRecord.model_validate_json(content)
    return None


def end_attempt(storage: Storage, record: AttemptRecord, key: str, ending: Ending, reason: str = "") -> None:
    """Says how an attempt ended whose own process could not."""
    ended = record.model_copy(update={"ended": ending, "reason": reason, "seen": _now()})
    storage.write(_file(key, record.attempt), record_bytes(ended))


def ask_to_stop(storage: Storage, key: str, attempt: int) -> None:
    """Asks a running attempt to write a checkpoint and end; it looks every few seconds."""
    storage.write(_stop_file(key, attempt), b"")


def _file(key: str, number: int) -> str:
    return f"{TRIALS}/{key}/{ATTEMPTS_DIR}/{ATTEMPT_NAME.of(number)}"


def _stop_file(key: str, number: int) -> str:
    return f"{TRIALS}/{key}/{ATTEMPTS_DIR}/{number}.stop"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
