"""How the attempts of a sweep ended, including those whose process died before it could record it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import ray.exceptions
from ray import tune

from experiments.errors import InputError
from experiments.records import AttemptRecord, FailureRecord
from experiments.trial import Trial
from orchestrator.storage.errors import StorageError
from orchestrator.storage.storage import Storage
from orchestrator.store.store import Store
from orchestrator.sweep.carried_trial import CarriedTrial
from orchestrator.sweep.driver_channel import ChannelSender
from orchestrator.sweep.node_watch import NodeWatch
from orchestrator.sweep.trainables import SKIPPED
from orchestrator.sweep.trial_errors import OF_PROCESSES
from orchestrator.sweep.trial_scheduler import TrialScheduler
from orchestrator.trial.failures import failure, failure_record
from orchestrator.trial.leases import LeaseTakenError, end_attempt, last_attempt
from orchestrator.trial.updates import Awaited, Ended, Failed

log = logging.getLogger(__name__)


class AttemptEndings(tune.Callback):
    """A Tune callback that completes the stored record of an attempt, and informs trial scheduler and listeners.

    Args:
        scheduler: of the sweep.
        storage: where the records lie.
        channel: to the listeners of the sweep.
    """

    def __init__(self, scheduler: TrialScheduler, storage: Storage, channel: ChannelSender) -> None:
        self._scheduler, self._storage, self._store, self._channel = scheduler, storage, Store(storage), channel
        self._nodes = NodeWatch()

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune stores its callbacks; this one has nothing to restore.

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """Called when Tune starts a trial."""
        self._nodes.began(_trial(trial).key)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """Called when a trial ran to its end, was stopped, or was ended by early stopping."""
        with self._storage_errors_as_failures(_trial(trial)):
            waited = not trial.last_result and self._scheduler.stop_reason is not None
            self._settle_end(_trial(trial), is_skipped=waited or bool(trial.last_result.get(SKIPPED)))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """Called when a trial raised, or its process died."""
        # In the end Tune would unpickle what lies under this name, in a folder that others may write to.
        trial.run_metadata.pickled_error_filename = None
        with self._storage_errors_as_failures(_trial(trial)):
            self._settle_error(_trial(trial), self._channel.failure(_trial(trial).key))

    @contextmanager
    def _storage_errors_as_failures(self, trial: Trial) -> Iterator[None]:
        """Turns errors of storage into a failure of the attempt, so that the sweep continues."""
        try:
            yield
        except (InputError, OSError, StorageError) as error:
            self._fail(trial.key, failure(0, "storage", type(error).__name__, str(error)))

    def _settle_end(self, trial: Trial, is_skipped: bool) -> None:
        key = trial.key
        attempt = last_attempt(self._storage, key)
        if self._takes_over_ending(key, attempt):
            return
        if attempt is None and not is_skipped:
            said = f"nothing of it is in {self._storage}: use a folder that all nodes share, or a bucket"
            self._fail(key, failure(0, "exception", "NotStored", said))
        elif is_skipped or attempt is None or attempt.ended is not None:
            self._scheduler.stopped(key)
        else:
            end_attempt(self._storage, attempt, key, "pruned")
            self._scheduler.pruned(key)
            self._channel.send(Ended(key, "pruned"))

    def _settle_error(self, trial: Trial, sent: FailureRecord | None) -> None:
        """Records a failure; if the trial sent none, its process died."""
        key = trial.key
        attempt = last_attempt(self._storage, key)
        if sent is not None and sent.kind == LeaseTakenError.__name__:
            self._scheduler.taken(key)
            self._channel.send(Awaited(key, f"{attempt.host}, attempt {attempt.attempt}" if attempt else "elsewhere"))
            return
        if self._takes_over_ending(key, attempt):
            return
        number = attempt.attempt if attempt else 0
        folder = self._store.trial(key)
        folder.fetch_documents()
        recorded = folder.failure
        reported = sent or failure_record(number, ray.exceptions.WorkerCrashedError())
        is_of_processes = reported.category in OF_PROCESSES
        if recorded is None or recorded.attempt != number or (recorded.category == "exception" and is_of_processes):
            recorded = reported.model_copy(update={"attempt": number})
            self._keep(trial, recorded)
        if recorded.category == "worker-died" and self._nodes.has_lost_one(key):
            recorded = failure(number, "node-lost", recorded.kind, "")
            self._keep(trial, recorded)
        if attempt is not None and attempt.ended is None:
            with suppress(OSError, StorageError):
                end_attempt(self._storage, attempt, key, "failed", f"{recorded.kind}: {recorded.message}")
        self._fail(key, recorded)

    def _takes_over_ending(self, key: str, attempt: AttemptRecord | None) -> bool:
        """Takes over an ending that the attempt recorded itself and that is no failure; returns whether it did."""
        if self._store.has_result(key):
            self._scheduler.finished(key)
        elif attempt is not None and attempt.ended == "preempted":
            self._fail(key, failure(attempt.attempt, "preempted", "SIGTERM", "its machine was about to go"))
        elif attempt is not None and attempt.ended == "stopped":
            self._scheduler.stopped(key)
            self._channel.send(Ended(key, "stopped"))
        else:
            return False
        return True

    def _fail(self, key: str, recorded: FailureRecord) -> None:
        again = self._scheduler.failed(key, recorded)
        if recorded.category == "disk-full":
            self._channel.stop_trials("stopped")  # they would fill what is left, one after the other
        self._channel.send(Failed(key, recorded, again))

    def _keep(self, trial: Trial, recorded: FailureRecord) -> None:
        folder = self._store.trial(trial.key)
        try:
            folder.begin(trial)  # a process that lacks a package fails before it can say which trial this is
            folder.write_failure(recorded)
        except (InputError, OSError, StorageError) as error:
            log.warning("the failure of trial %s could not be stored: %s", trial.key, error)


def _trial(tune_trial: Any) -> Trial:
    carried: CarriedTrial = tune_trial.config["trial"]
    return carried.trial
