"""Classes of failures, and which of them are retried."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from typing import Final

from experiments.records import FailureCategory, FailureRecord
from orchestrator.redaction import redacted
from orchestrator.storage.errors import OUT_OF_SPACE

RETRIED: Final = frozenset[FailureCategory]({"worker-died", "hung", "node-lost", "preempted", "storage"})
"""Classes of failure that are retried in the same run, from the checkpoint."""
NOT_ITS_FAULT: Final = RETRIED | {"disk-full", "not-permitted"}
"""Classes that the next `combo run` continues; trials with other failures wait for `combo retry`."""
FREE: Final = frozenset[FailureCategory]({"node-lost", "preempted"})
"""Retried classes that do not count as one of the trial's retries, as they say nothing about the trial."""

PROCESS_GONE = frozenset(
    {"ActorDiedError", "WorkerCrashedError", "WorkerHealthCheckFailedError", "ActorUnavailableError"}
)
"""Ray's exceptions for a dead process."""
STANDS_STILL = "WorkerHealthCheckTimeoutError"
"""Ray's exception for a worker that lives and does not answer."""
NO_ROOM = "WorkerGroupStartupTimeoutError"
"""Ray's exception for a group that waited for room in vain: a node that it was sized by has left meanwhile."""
CONTACT_LOST = ("Connection closed by peer", "Connection reset by peer", "remote process exited")
"""What gloo and NCCL say in the workers that are left when one of a group dies."""
ALLOCATION_REFUSED = "DefaultCPUAllocator: "
"""How PyTorch begins when the machine, not a GPU, lacks memory; it has no class of its own for that."""
FREE_LIMIT = 20
"""Most uncounted retries, so that a cluster that loses every node does not retry a trial forever."""
FOLDER_AWAY = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN)
"""What a shared folder answers whose server is away."""
ADVICE: dict[FailureCategory, str] = {
    "out-of-memory": "lower --micro-batch, or give the trial more workers",
    "disk-full": "free space in the storage; the same command continues from the last checkpoint",
    "not-permitted": "ask the owner of the file for access; then the same command continues",
    "worker-died": "its process is gone, perhaps killed for lack of memory",
    "node-lost": "its machine left the cluster",
    "hung": "--hang-after sets the limit",
}
MESSAGE_LENGTH = 2000


def classify(error: BaseException) -> FailureCategory:
    """The class of an exception; by name where the class belongs to a library that is not imported here."""
    names = {ancestor.__name__ for ancestor in type(error).__mro__}
    if isinstance(error, FloatingPointError):
        return "diverged"
    if names & {"OutOfMemoryError", "MemoryError"} or ALLOCATION_REFUSED in str(error):
        return "out-of-memory"
    if isinstance(error, ImportError):
        return "import-error"
    if isinstance(error, OSError) and error.errno in OUT_OF_SPACE:
        return "disk-full"
    if isinstance(error, PermissionError):
        return "not-permitted"
    if "StorageError" in names or (isinstance(error, OSError) and error.errno in FOLDER_AWAY):
        return "storage"
    if names & {"NodeDiedError", NO_ROOM} or "node has died" in str(error):
        return "node-lost"
    if STANDS_STILL in names:
        return "hung"
    if names & PROCESS_GONE or any(words in str(error) for words in CONTACT_LOST):
        return "worker-died"
    return "exception"


def failure_record(attempt: int, error: BaseException) -> FailureRecord:
    """The record of an attempt that an exception ended, with what to do about it."""
    category = classify(error)
    said = str(error) or type(error).__name__
    if category in ("worker-died", "node-lost"):
        said = ""  # Ray's words for it are pages of internal ids.
    if category == "hung":
        said = "its process lives and does not answer"
    return failure(attempt, category, type(error).__name__, said)


def failure(attempt: int, category: FailureCategory, kind: str, said: str) -> FailureRecord:
    """A failure record with the present time."""
    message = "; ".join(part for part in (redacted(said)[:MESSAGE_LENGTH], ADVICE.get(category, "")) if part)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    return FailureRecord(attempt=attempt, category=category, kind=kind, message=message, time=time)


def is_retried(category: FailureCategory, charged: int, free: int, retries: int) -> bool:
    """Whether a trial gets another attempt in the same run.

    Args:
        category: of the failure.
        charged: failures of this run that counted, this one included.
        free: failures of this run that did not count.
        retries: that the user grants.
    """
    if category not in RETRIED:
        return False
    return free <= FREE_LIMIT if category in FREE else charged <= retries
