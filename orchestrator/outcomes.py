"""How the trials of a wave ended, those included whose process died before it could say so itself."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path
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
        if folder.result is not None or folder.failure is not None:
            return
        kind, message = _explain(_raised(trial))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        failure = FailureRecord(attempt=folder.attempts, kind=kind, message=message[:2000], time=now)
        folder.write_failure(failure)
        self._sender(Failed(key, failure))


def _raised(trial: Any) -> Any:
    """What Tune caught. It lies in Tune's own staging folder on this machine, written by this process."""
    path = trial.pickled_error_file
    return pickle.loads(Path(path).read_bytes()) if path and Path(path).is_file() else None


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
