"""Leases on trials, so that no trial runs twice at once, whichever drivers run and whatever their clocks say.

The lease on a trial is acquired by creating the file of its next attempt, which only one caller can do. A heartbeat
renews it: a counter in that file. Other drivers watch the counter by their own monotonic clock, and acquire the next
attempt once it has stood still for too long. The holder of a lost lease is fenced by the number of the next attempt:
it notices that file and ends without a result.

None of these files is flushed to disk: who held a lease when the power was lost holds it no more, and an empty file is
no lease (`read_attempt`).
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from pydantic import ValidationError

from experiments.records import ATTEMPT_NAME, ATTEMPTS_DIR, STOP_NAME, TRIALS, AttemptRecord, Ending
from orchestrator.storage.storage import Storage
from orchestrator.store.stored_documents import record_bytes
from orchestrator.trial.process_identity import is_dead, this_process

HEARTBEAT_SECONDS = 5.0
LEASE_SECONDS = 60.0
"""Without a heartbeat for so long a lease has expired; longer than shared file systems cache."""


class LeaseTakenError(Exception):
    """Another run holds the lease on the trial."""


class AttemptLease:
    """The lease on a trial for one attempt, held by this process from construction until `end`.

    Args:
        storage: of the trial.
        key: of the trial.
        number: of the attempt, one more than the one before.
        workers: that run it.
        device: they run on.
        commit: of the code that runs.

    Raises:
        LeaseTakenError: another run has acquired this number.
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
        if not storage.create(_file(key, number), record_bytes(self.record), flush=False):
            raise LeaseTakenError(f"attempt {number} of trial {key} is leased by another run")

    def progress(self, step: int, m_j: float | None) -> None:
        """Notes how far training has come; stored with the next heartbeat."""
        self._step = step
        if m_j is not None:
            self._best = m_j if self._best is None else max(self._best, m_j)

    def renew(self) -> None:
        """Renews the lease by a heartbeat, and stores the progress."""
        self._write(beat=self.record.beat + 1)

    def end(self, ending: Ending, reason: str = "") -> None:
        """Releases the lease and stores how the attempt ended."""
        self._write(ended=ending, reason=reason)

    def is_fenced(self) -> bool:
        """Whether the lease is lost: the driver ended the attempt (pruning), or another run acquired the next one."""
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
        self._storage.write(_file(self._key, self.record.attempt), record_bytes(self.record), flush=False)


class LeaseWatch:
    """Tells which trials are free, from the heartbeats that this process has seen.

    Args:
        storage: of the trials.
        lease_seconds: seconds after the last heartbeat until a lease expires.
    """

    def __init__(self, storage: Storage, lease_seconds: float = LEASE_SECONDS) -> None:
        self._storage, self._lease_seconds = storage, lease_seconds
        self._seen: dict[str, tuple[AttemptRecord, float]] = {}
        self._last: dict[str, int] = {}
        self._asking = 0.0
        """Seconds spent reading storage."""

    def holder(self, key: str) -> AttemptRecord | None:
        """The attempt that holds the lease on the trial; None if the trial is free."""
        with self.asking():
            self._last[key] = max(attempt_numbers(self._storage, key), default=0)
            last = read_attempt(self._storage, key, self._last[key])
        return self.holder_after(key, last)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """To be open while storage is read: no heartbeat can be seen meanwhile, so this time does not count."""
        asked = time.monotonic()
        try:
            yield
        finally:
            self._asking += time.monotonic() - asked

    def holder_after(self, key: str, last: AttemptRecord | None) -> AttemptRecord | None:
        """As `holder`, for who has read the record of the newest attempt already."""
        now = time.monotonic() - self._asking
        if last is None or last.ended is not None or is_dead(last.process):
            self._seen.pop(key, None)
            return None
        known, since = self._seen.get(key, (None, 0.0))
        if known != last:
            self._seen[key] = last, now
            return last
        return None if now - since > self._lease_seconds else last

    def next_number(self, key: str) -> int:
        """Number of the attempt to acquire if the trial was free when last looked at.

        If another run has acquired it since, acquiring it raises `LeaseTakenError`.
        """
        return self._last[key] + 1


def last_attempt(storage: Storage, key: str) -> AttemptRecord | None:
    """The newest attempt as it is stored now."""
    numbers = attempt_numbers(storage, key)
    return read_attempt(storage, key, numbers[-1]) if numbers else None


def attempt_numbers(storage: Storage, key: str) -> list[int]:
    """Numbers of all attempts that were ever acquired, ascending."""
    folder = f"{TRIALS}/{key}/{ATTEMPTS_DIR}"
    below = (name.removeprefix(f"{folder}/") for name in storage.names(folder))
    return ATTEMPT_NAME.numbers((name for name in below if "/" not in name), folder)


def read_attempt(storage: Storage, key: str, number: int) -> AttemptRecord | None:
    """The record of one attempt; None if its file is missing or damaged: such a file is no lease."""
    content = storage.read(_file(key, number))
    with suppress(ValidationError):
        return None if content is None else AttemptRecord.model_validate_json(content)
    return None


def end_attempt(storage: Storage, record: AttemptRecord, key: str, ending: Ending, reason: str = "") -> None:
    """Stores how an attempt ended whose own process could not store it."""
    ended = record.model_copy(update={"ended": ending, "reason": reason, "seen": _now()})
    storage.write(_file(key, record.attempt), record_bytes(ended), flush=False)


def ask_to_stop(storage: Storage, key: str, attempt: int) -> None:
    """Asks a running attempt to write a checkpoint and end; it looks every few seconds."""
    storage.write(_stop_file(key, attempt), b"")


def _file(key: str, number: int) -> str:
    return f"{TRIALS}/{key}/{ATTEMPTS_DIR}/{ATTEMPT_NAME.of(number)}"


def _stop_file(key: str, number: int) -> str:
    return f"{TRIALS}/{key}/{ATTEMPTS_DIR}/{STOP_NAME.of(number)}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
