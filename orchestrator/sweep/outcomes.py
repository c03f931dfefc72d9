"""How the attempts of a sweep ended, those included whose process died before it could say so itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ray.cloudpickle
import ray.exceptions
from ray import tune

from experiments.errors import InputError
from experiments.expand import Trial
from experiments.records import AttemptRecord, FailureRecord
from experiments.storage.errors import StorageError
from experiments.storage.storage import Storage
from orchestrator.store.store import Store
from orchestrator.sweep.agenda import Agenda
from orchestrator.sweep.lost_nodes import NodeWatch
from orchestrator.sweep.telemetry import Sender
from orchestrator.sweep.trainables import SKIPPED
from orchestrator.trial.attempts import AttemptTakenError, end_attempt, last_attempt
from orchestrator.trial.failures import classify, failure, failure_record
from orchestrator.trial.updates import Awaited, Ended, Failed

log = logging.getLogger(__name__)


class Outcomes(tune.Callback):
    """Follows Tune on the driver, completes what is stored of an attempt, and tells the agenda and the listeners.

    Args:
        agenda: of the sweep.
        storage: where the records lie.
        sender: tells the listeners of the sweep.
    """

    def __init__(self, agenda: Agenda, storage: Storage, sender: Sender) -> None:
        self._agenda, self._storage, self._store, self._sender = agenda, storage, Store(storage), sender
        self._nodes = NodeWatch()

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune stores its callbacks; this one has nothing to restore.

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """A trial got its place."""
        self._nodes.began(_trial(trial).key)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """A trial ran to its end, was asked to stop, or was given up by the scheduler."""
        with self._whatever_storage_says(_trial(trial)):
            self._settle_end(_trial(trial), is_skipped=bool(trial.last_result.get(SKIPPED)))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """A trial raised, or its process is gone."""
        with self._whatever_storage_says(_trial(trial)):
            self._settle_error(_trial(trial), list(_causes(_error(trial))))

    @contextmanager
    def _whatever_storage_says(self, trial: Trial) -> Iterator[None]:
        """A storage that is away or damaged ends an attempt, never the sweep."""
        try:
            yield
        except (InputError, OSError, StorageError) as error:
            self._fail(trial.key, failure(0, "storage", type(error).__name__, str(error)))

    def _settle_end(self, trial: Trial, is_skipped: bool) -> None:
        key = trial.key
        attempt = last_attempt(self._storage, key)
        if self._is_accounted_for(key, attempt):
            return
        if attempt is None and not is_skipped:
            said = f"nothing of it is in {self._storage}: use a folder that all nodes share, or a bucket"
            self._fail(key, failure(0, "exception", "NotStored", said))
        elif is_skipped or attempt is None or attempt.ended is not None:
            self._agenda.stopped(key)
        else:
            end_attempt(self._storage, attempt, key, "pruned")
            self._agenda.pruned(key)
            self._sender.tell(Ended(key, "pruned"))

    def _settle_error(self, trial: Trial, causes: list[BaseException]) -> None:
        key = trial.key
        attempt = last_attempt(self._storage, key)
        if any(type(cause).__name__ == AttemptTakenError.__name__ for cause in causes):
            self._agenda.taken(key)
            self._sender.tell(Awaited(key, f"{attempt.host}, attempt {attempt.attempt}" if attempt else "elsewhere"))
            return
        if self._is_accounted_for(key, attempt):
            return
        number = attempt.attempt if attempt else 0
        folder = self._store.trial(key)
        folder.fetch_documents()
        recorded = folder.failure
        if recorded is None or recorded.attempt != number or (recorded.category == "exception" and _deaths(causes)):
            recorded = failure_record(number, (_deaths(causes) or causes)[0])
            self._keep(trial, recorded)
        if recorded.category == "worker-died" and self._nodes.has_lost_one(key, is_unclear=_is_unclear(causes)):
            recorded = failure(number, "node-lost", recorded.kind, "")
            self._keep(trial, recorded)
        if attempt is not None and attempt.ended is None:
            with suppress(OSError, StorageError):
                end_attempt(self._storage, attempt, key, "failed", f"{recorded.kind}: {recorded.message}")
        self._fail(key, recorded)

    def _is_accounted_for(self, key: str, attempt: AttemptRecord | None) -> bool:
        """Takes over what the attempt itself says of its end, if that was no failure."""
        if self._store.has_result(key):
            self._agenda.finished(key)
        elif attempt is not None and attempt.ended == "preempted":
            self._fail(key, failure(attempt.attempt, "preempted", "SIGTERM", "its machine was about to go"))
        elif attempt is not None and attempt.ended == "stopped":
            self._agenda.stopped(key)
            self._sender.tell(Ended(key, "stopped"))
        else:
            return False
        return True

    def _fail(self, key: str, recorded: FailureRecord) -> None:
        again = self._agenda.failed(key, recorded)
        if recorded.category == "disk-full":
            self._sender.stop_trials("stopped")  # they would fill what is left, one after the other
        self._sender.tell(Failed(key, recorded, again))

    def _keep(self, trial: Trial, recorded: FailureRecord) -> None:
        folder = self._store.trial(trial.key)
        try:
            folder.begin(trial)  # a process that lacks a package fails before it can say which trial this is
            folder.write_failure(recorded)
        except (InputError, OSError, StorageError) as error:
            log.warning("the failure of trial %s could not be stored: %s", trial.key, error)


def _trial(tune_trial: Any) -> Trial:
    found: Trial = tune_trial.config["trial"]
    return found


def _error(tune_trial: Any) -> BaseException | None:
    """What ended a trial. Tune's own reader looks where the error is copied to later."""
    written = tune_trial.pickled_error_file
    if written is None or not Path(written).exists():
        return None
    error: BaseException = ray.cloudpickle.loads(Path(written).read_bytes())
    return error


def _causes(error: Any) -> Iterator[BaseException]:
    """What lies below Ray's wrapping: one exception, or one for each worker that failed.

    Where Tune knows of no exception the process is gone.
    """
    cause = getattr(error, "cause", None) or error
    failures = getattr(cause, "worker_failures", None)
    if failures:
        for failed in failures.values():
            yield from _causes(getattr(failed, "_base_exc", failed))
    elif cause is not None:
        yield cause
    else:
        yield ray.exceptions.WorkerCrashedError()


def _deaths(causes: list[BaseException]) -> list[BaseException]:
    """Those that are about a process that is gone; a worker whose partner died reports only that it lost contact."""
    return [cause for cause in causes if classify(cause) in ("worker-died", "node-lost")]


def _is_unclear(causes: list[BaseException]) -> bool:
    """Whether Ray knows no more than that a process does not answer."""
    return any("is unavailable" in str(cause) for cause in causes)
