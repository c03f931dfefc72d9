"""How the trials of a wave ended, those included whose process died before it could say so itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ray import tune

from experiments.records import FailureRecord
from orchestrator.store import Store
from orchestrator.telemetry import Sender
from orchestrator.updates import Failed

WORKER_DIED = "WorkerDied"
DEATHS = ("ActorDiedError", "WorkerHealthCheckFailedError", "WorkerCrashedError")
"""Ray's words for a process that is gone."""


class Outcomes(tune.Callback):
    """Follows Tune on the driver. An attempt that left no record of its failure gets one.

    Args:
        store: where the records lie.
        sender: tells the listeners of the sweep.
    """

    def __init__(self, store: Store, sender: Sender) -> None:
        self._store, self._sender = store, sender
        self._began = _now()
        self.ended: set[str] = set()
        """Keys of the trials that finished or failed."""

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """A trial ran to its end."""
        self.ended.add(trial.config["key"])

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """A trial raised, or its process is gone."""
        key = trial.config["key"]
        self.ended.add(key)
        folder = self._store.trial(key)
        recorded = folder.failure
        if folder.result is not None or (recorded is not None and recorded.time >= self._began):
            return
        kind, message = _explain(trial.get_pickled_error())
        failure = FailureRecord(attempt=folder.attempts, kind=kind, message=message[:2000], time=_now())
        folder.write_failure(failure)
        self._sender(Failed(key, failure))


def _explain(error: Any) -> tuple[str, str]:
    """Kind and message of what lies below Ray's wrapping."""
    cause = getattr(error, "cause", None) or error
    for rank, failure in getattr(cause, "worker_failures", {}).items():
        kind, message = _explain(getattr(failure, "_base_exc", failure))
        return kind, f"worker {rank}: {message}"
    kind = type(cause).__name__
    if cause is None or kind in DEATHS:
        return WORKER_DIED, "its process is gone, perhaps killed for lack of memory; run the same command to continue"
    return kind, str(cause).splitlines()[0] if str(cause) else kind


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
