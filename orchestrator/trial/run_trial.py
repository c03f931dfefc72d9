"""Runs one trial: acquires its lease, drives `fit`, writes its directory, sends updates to the driver. Knows no Ray.

The same generator runs in a Tune actor, in every worker of a Train group, and in a plain loop.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime

from experiments.records import Ending, FailureRecord, MetricLine, Provenance, QuarantineLine, ResultRecord
from experiments.trial import Trial
from model.metrics.rules import AUTHORS
from model.numbered_names import TRAINING_STATE
from model.training.checkpoint import latest_training_state
from model.training.events import Checkpointed, Evaluated, Event, Quarantined, Stepped, Stopped, Tested
from model.training.fit import fit
from model.training.workers import Workers
from model.weights.folder import WEIGHTS_FILE, file_checksum
from orchestrator.storage.errors import StorageError
from orchestrator.store.prediction_files import write_chosen
from orchestrator.store.preview_files import write_previews
from orchestrator.store.store import Store
from orchestrator.store.trial_folder import TrialFolder
from orchestrator.trial.execution import execution_of, weight_checksums
from orchestrator.trial.failures import failure, failure_record
from orchestrator.trial.heartbeat import Heartbeat
from orchestrator.trial.leases import AttemptLease, LeaseTakenError, attempt_numbers
from orchestrator.trial.measured_values import step_values, validation_values
from orchestrator.trial.provenance import (
    TEST_SPLIT,
    code_version,
    device_name,
    now,
    package_versions,
    protocol_record,
    score_record,
)
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.system_metrics import SystemMetrics
from orchestrator.trial.termination import termination_requested, training
from orchestrator.trial.trial_log import kept_log
from orchestrator.trial.updates import DriverChannel, Finished, Measured, Started

log = logging.getLogger(__name__)

Report = dict[str, float]
"""`{"step", "m_j"}` of a validation."""


def run_trial(
    trial: Trial, context: RunContext, workers: Workers, channel: DriverChannel, attempt: int | None = None
) -> Generator[Report, None, None]:
    """Trains a trial to its end, from its newest checkpoint if it has one, or until it is asked to stop.

    Args:
        trial: what to train.
        context: what all trials of the run share.
        workers: this worker's rank in its group; only rank 0 holds the lease, writes and sends.
        channel: to the driver.
        attempt: number to acquire, free when the driver looked; None for one more than the last.

    Yields:
        `{"step", "m_j"}` after each validation, for whoever schedules the trial.

    Raises:
        LeaseTakenError: another run holds the lease on the trial.
        Exception: whatever ended the attempt, after it has been recorded.
    """
    store = Store(context.storage.for_worker())
    with training():
        if workers.is_first:
            number = attempt or max(attempt_numbers(store.storage, trial.key), default=0) + 1
            lease = AttemptLease(store.storage, trial.key, number, workers.count, context.device, context.commit)
            yield from _run_first(trial, context, workers, channel, store, lease)
            return
        for event in fit(trial.config, execution_of(trial, context, store, termination_requested), workers):
            if isinstance(event, Evaluated):
                yield _report(event)


def _run_first(
    trial: Trial, context: RunContext, workers: Workers, channel: DriverChannel, store: Store, attempt: AttemptLease
) -> Generator[Report, None, None]:
    """The worker that writes."""
    number = attempt.record.attempt
    folder = store.trial(trial.key)
    writer = _Writer(trial, context, folder, attempt, channel)
    ending: Ending = "finished"
    with kept_log(folder.log_file(number)):
        try:
            with ExitStack() as stack:
                # Heartbeats start first, as fetching the checkpoints may take longer than a lease lasts without one.
                heartbeat = stack.enter_context(Heartbeat(attempt, channel, context.config.hang_after, writer.hang))
                _fetch(trial, store)
                writer.start()
                stack.enter_context(SystemMetrics(writer.add_system_sample))
                execution = execution_of(trial, context, store, heartbeat.should_stop)
                execution = replace(execution, on_checkpoint=writer.store_checkpoints)
                for event in fit(trial.config, execution, workers):
                    writer.record(event)
                    if isinstance(event, Stepped):
                        heartbeat.progress(event.step)
                    elif isinstance(event, Evaluated):
                        heartbeat.progress(event.step, event.score.m_j)
                        yield _report(event)
                    elif isinstance(event, Stopped):
                        ending = heartbeat.stop_request or "preempted"  # not asked itself: another worker had SIGTERM
            attempt.end(ending)
        except LeaseTakenError:
            raise
        except Exception as error:
            writer.fail(error)
            raise


def _fetch(trial: Trial, store: Store) -> None:
    """Fetches what earlier attempts stored, and the weights to start from."""
    store.trial(trial.key).fetch()
    if (parent := trial.config.initial_trial) is not None:
        store.trial(parent).fetch_tested_checkpoint()


def _report(event: Evaluated) -> Report:
    return {"step": float(event.step), "m_j": event.score.m_j}


class _Writer:
    """The first worker's record of one attempt."""

    def __init__(
        self, trial: Trial, context: RunContext, folder: TrialFolder, attempt: AttemptLease, channel: DriverChannel
    ) -> None:
        self.trial, self.context, self.folder = trial, context, folder
        self.attempt, self.channel = attempt, channel
        self.number = attempt.record.attempt
        self.started = datetime.now(UTC)
        self.clock = time.monotonic()
        self.step = 0
        self.lock = threading.Lock()

    def start(self) -> None:
        """Called once all that earlier attempts stored is here."""
        self.seconds_before = self.folder.seconds_spent()
        state = latest_training_state(self.folder.checkpoints)
        self.step = (TRAINING_STATE.number(state.name) or 0) if state else 0
        path = self.folder.metrics_file(self.number)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.metrics = path.open("a", encoding="utf-8", buffering=1)
        self.folder.begin(self.trial)
        self.folder.write_patch(self.number, self.context.patch)
        self.channel.send(Started(self.trial, self.number, self.step))

    def record(self, event: Event) -> None:
        match event:
            case Stepped():
                self.step = event.step
                self._line("step", step_values(event))
            case Evaluated():
                self._line("evaluation", validation_values(event))
                self.folder.publish_metrics(self.number)
                self._keep_previews(event)
            case Checkpointed():
                self._publish()
            case Quarantined():
                self._set_aside(event)
            case Tested():
                self._refuse_if_fenced()
                self._finish(event)
            case Stopped():
                self._publish()

    def _keep_previews(self, event: Evaluated) -> None:
        """Nothing follows from them, so the trial goes on where they cannot be stored."""
        if not event.previews:
            return
        try:
            write_previews(self.folder, self.trial.task, self.number, event.step, event.previews)
        except (OSError, StorageError) as error:
            log.warning("previews of step %d are not stored: %s", event.step, error)

    def store_checkpoints(self) -> None:
        """Called from the thread that writes checkpoints."""
        self._refuse_if_fenced()
        self.folder.publish_checkpoints()

    def fail(self, error: Exception) -> None:
        """Records the failure; on a full disk that may be impossible, and the driver does it."""
        log.error("attempt %d ended", self.number, exc_info=error)
        with suppress(OSError, StorageError):
            self._fail(failure_record(self.number, error))
            self._publish()

    def hang(self, seconds: float) -> None:
        """Records that training made no progress for some time."""
        said = f"no step and no validation for {seconds:.0f} s"
        self._fail(failure(self.number, "hung", "Hang", said))

    def _fail(self, failed: FailureRecord) -> None:
        self.folder.write_failure(failed)
        self.attempt.end("failed", f"{failed.kind}: {failed.message}")

    def _refuse_if_fenced(self) -> None:
        if self.attempt.is_fenced():
            raise LeaseTakenError(f"attempt {self.number} was thought dead and is continued elsewhere")

    def _publish(self) -> None:
        """Stores metrics and log so far."""
        self.folder.publish_metrics(self.number)
        self.folder.publish_log(self.number)

    def add_system_sample(self, values: dict[str, float]) -> None:
        """Notes what the machine is doing; called from another thread."""
        self._line("system", values)

    def _line(self, kind: str, values: dict[str, float]) -> None:
        line = MetricLine.model_validate(
            {"kind": kind, "attempt": self.number, "step": self.step, "time": time.time(), "values": values}
        )
        with self.lock:
            if self.metrics.closed:
                return
            self.metrics.write(line.model_dump_json() + "\n")
        self.channel.send(Measured(self.trial.key, line))

    def _set_aside(self, event: Quarantined) -> None:
        log.warning("%s clip %s is quarantined: %s", event.split, event.clip, event.reason)
        line = QuarantineLine(attempt=self.number, split=event.split, clip=event.clip, reason=event.reason)
        self.folder.add_quarantined(line)

    def _quarantined(self) -> dict[str, list[str]]:
        """Quarantined clips by split; of the test split only those of this attempt, which scores it anew."""
        found: dict[str, set[str]] = {}
        for line in self.folder.quarantine_lines():
            if line.split != TEST_SPLIT or line.attempt == self.number:
                found.setdefault(line.split, set()).add(line.clip)
        return {split: sorted(clips) for split, clips in sorted(found.items())}

    def _finish(self, event: Tested) -> None:
        with self.lock:
            self.metrics.close()
        self._publish()
        files = [self.folder.write_scores(event.clips)]
        files += [self.folder.write_picture(name, picture) for name, picture in event.pictures.items()]
        files += write_chosen(self.folder, self.trial.config, event.predictions)
        files += [event.folder / WEIGHTS_FILE, self.folder.metrics_file(self.number)]
        result = ResultRecord(
            key=self.trial.key,
            protocol=protocol_record(AUTHORS[self.trial.task], TEST_SPLIT),
            score=score_record(event.score),
            best_step=event.best_step,
            validation=score_record(event.validation),
            parameters=event.parameters,
            trainable_parameters=event.trainable_parameters,
            checkpoint=str(event.folder.relative_to(self.folder.path)),
            checksums={str(path.relative_to(self.folder.path)): file_checksum(path) for path in files},
            provenance=self._provenance(),
            seconds_per_clip=event.seconds_per_clip,
            quarantined=self._quarantined(),
        )
        self.folder.write_result(result)
        self.channel.send(Finished(self.trial.key, result))

    def _provenance(self) -> Provenance:
        return Provenance(
            code_version=code_version(),
            commit=self.context.commit,
            data_fingerprint=self.trial.config.data.fingerprint,
            packages=package_versions(self.trial.config.model.name),
            device=device_name(self.context.device),
            workers=self.attempt.record.workers,
            attempts=self.number,
            started=self.started.isoformat(timespec="seconds"),
            finished=now(),
            weight_files=weight_checksums(self.context.weight_files, self.trial.config),
            training_seconds=round(self.seconds_before + time.monotonic() - self.clock, 3),
        )
