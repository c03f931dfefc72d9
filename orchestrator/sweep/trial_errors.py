"""Exceptions of trials, sent to the driver as text by the process that caught them.

Ray Tune leaves exceptions as pickles in folders that others may write to; nothing here reads those.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orchestrator.sweep.driver_channel import ChannelSender
from orchestrator.trial.failures import classify, failure_record
from orchestrator.trial.leases import LeaseTakenError

OF_PROCESSES = ("worker-died", "node-lost")
"""Classes of failures that are about a process that is gone."""


@contextmanager
def sending_failure(channel: ChannelSender, key: str, attempt: int) -> Iterator[None]:
    """Sends an exception raised inside to the driver, and re-raises it.

    Args:
        channel: to the driver.
        key: of the trial.
        attempt: that raises.
    """
    try:
        yield
    except Exception as error:
        channel.send_failure(key, failure_record(attempt, main_cause(error)))
        raise


def main_cause(error: BaseException) -> BaseException:
    """The exception inside Ray's wrappers; of several workers' exceptions the one that caused the others.

    A worker whose partner raised or died reports only that it lost contact.
    """
    causes = list(_causes(error))
    taken = (cause for cause in causes if isinstance(cause, LeaseTakenError))
    gone = (cause for cause in causes if classify(cause) in OF_PROCESSES)
    return next(taken, None) or next(gone, causes[0])


def _causes(error: Any) -> Iterator[BaseException]:
    """One exception, or one for each worker that failed."""
    cause = getattr(error, "cause", None) or getattr(error, "controller_failure", None) or error
    failures = getattr(cause, "worker_failures", None)
    if failures:
        for failed in failures.values():
            yield from _causes(getattr(failed, "_base_exc", failed))
    else:
        yield cause
