"""Runs one trial: drives `fit`, keeps the trial directory, tells the driver. Knows no Ray.

The same generator runs in a Tune actor, in every worker of a Train group, and in a plain loop.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime

from experiments.expand import Trial
from experiments.records import (
    FailureRecord,
    MetricLine,
    Provenance,
    QuarantineLine,
    ResultRecord,
)
from model.metrics.protocol import protocol_for
from model.training.checkpoint import latest_training_state
from model.training.events import Checkpointed, Evaluated, Event, Quarantined, Stepped, Tested
from model.training.fit import Execution, fit
from model.training.workers import Workers
from model.weights.folder import WEIGHTS_FILE, file_checksum
from orchestrator.machine import Machine
from orchestrator.provenance import (
    TEST_SPLIT,
    code_version,
    device_name,
    now,
    package_versions,
    protocol_record,
    score_record,
)
from orchestrator.store import Store, TrialFolder
from orchestrator.updates import Failed, Finished, Measured, Started, Update

log = logging.getLogger(__name__)


def run_trial(
    trial: Trial, machine: Machine, workers: Workers, tell: Callable[[Update], None]
) -> Generator[dict[str, float], None, None]:
    """Trains a trial to its end, from its newest checkpoint if it has one.

    Args:
        trial: what to train.
        machine: where and how.
        workers: this worker's place in its group; only the first one writes and tells.
        tell: receives every update.

    Yields:
        `{"step", "m_j"}` after each validation, for whoever schedules the trial.

    Raises:
        Exception: whatever ended the attempt, after it has been recorded.
    """
    store = Store(machine.storage)
    folder = store.trial(trial.key)
    execution = _execution(trial, machine, store, folder)
    attempt = folder.attempts + 1
    writer = _Writer(trial, machine, folder, attempt, workers.count, tell) if workers.is_first else None
    try:
        if writer:
            writer.start()
        for event in fit(trial.config, execution, workers):
            if writer:
                writer.record(event)
            if isinstance(event, Evaluated):
                yield {"step": float(event.step), "m_j": event.score.m_j}
    except Exception as error:
        if writer:
            writer.fail(error)
        raise


class _Writer:
    """The first worker's record of one attempt."""

    def __init__(
        self,
        trial: Trial,
        machine: Machine,
        folder: TrialFolder,
        attempt: int,
        workers: int,
        tell: Callable[[Update], None],
    ) -> None:
        self.trial, self.machine, self.folder = trial, machine, folder
        self.attempt, self.workers, self.tell = attempt, workers, tell
        self.started = datetime.now(UTC)
        self.clock = time.monotonic()
        self.seconds_before = folder.seconds_spent()

    def start(self) -> None:
        self.folder.begin(self.trial)
        path = self.folder.metrics_file(self.attempt)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.metrics = path.open("a", encoding="utf-8", buffering=1)
        state = latest_training_state(self.folder.checkpoints)
        done = int(state.name.removeprefix("step-")) if state else 0
        self.tell(Started(self.trial.key, self.attempt, done))

    def record(self, event: Event) -> None:
        match event:
            case Stepped():
                self._line("step", event.step, _step_values(event))
            case Evaluated():
                self._line("evaluation", event.step, {"m_j": event.score.m_j, "m_f": event.score.m_f})
            case Checkpointed():
                pass
            case Quarantined():
                self._set_aside(event)
            case Tested():
                self._finish(event)

    def fail(self, error: Exception) -> None:
        failure = FailureRecord(attempt=self.attempt, kind=type(error).__name__, message=str(error)[:2000], time=now())
        self.folder.write_failure(failure)
        self.tell(Failed(self.trial.key, failure))

    def _line(self, kind: str, step: int, values: dict[str, float]) -> None:
        line = MetricLine.model_validate(
            {"kind": kind, "attempt": self.attempt, "step": step, "time": time.time(), "values": values}
        )
        self.metrics.write(line.model_dump_json() + "\n")
        self.tell(Measured(self.trial.key, line))

    def _set_aside(self, event: Quarantined) -> None:
        log.warning("%s clip %s is quarantined: %s", event.split, event.clip, event.reason)
        line = QuarantineLine(attempt=self.attempt, split=event.split, clip=event.clip, reason=event.reason)
        self.folder.add_quarantined(line)

    def _quarantined(self) -> dict[str, list[str]]:
        """Clips by split. An earlier attempt's weights are inherited, its scores of the test split are not."""
        found: dict[str, set[str]] = {}
        for line in self.folder.quarantine_lines():
            if line.split != TEST_SPLIT or line.attempt == self.attempt:
                found.setdefault(line.split, set()).add(line.clip)
        return {split: sorted(clips) for split, clips in sorted(found.items())}

    def _finish(self, event: Tested) -> None:
        self.metrics.close()
        files = [self.folder.write_scores(event.clips)]
        files += [self.folder.write_picture(name, picture) for name, picture in event.pictures.items()]
        files += [event.folder / WEIGHTS_FILE, self.folder.metrics_file(self.attempt)]
        result = ResultRecord(
            key=self.trial.key,
            protocol=protocol_record(protocol_for(self.trial.task), TEST_SPLIT),
            score=score_record(event.score),
            best_step=event.best_step,
            validation=score_record(event.validation),
            parameters=event.parameters,
            trainable_parameters=event.trainable_parameters,
            checkpoint=str(event.folder.relative_to(self.folder.path)),
            checksums={str(path.relative_to(self.folder.path)): file_checksum(path) for path in files},
            provenance=self._provenance(),
            quarantined=self._quarantined(),
        )
        self.folder.write_result(result)
        self.tell(Finished(self.trial.key, result))

    def _weight_files(self) -> dict[str, str]:
        files, config = self.machine.weight_files, self.trial.config
        named = {"vggish": files.vggish_of(config), "backbone": files.backbone_of(config)}
        return {name: file_checksum(path) for name, path in named.items() if path is not None}

    def _provenance(self) -> Provenance:
        return Provenance(
            code_version=code_version(),
            commit=self.machine.commit,
            data_fingerprint=self.trial.config.data.fingerprint,
            packages=package_versions(),
            device=device_name(self.machine.device),
            workers=self.workers,
            attempts=self.attempt,
            started=self.started.isoformat(timespec="seconds"),
            finished=now(),
            weight_files=self._weight_files(),
            training_seconds=round(self.seconds_before + time.monotonic() - self.clock, 3),
        )


def _execution(trial: Trial, machine: Machine, store: Store, folder: TrialFolder) -> Execution:
    initial = trial.config.initial_trial
    return Execution(
        data_root=machine.data,
        checkpoints=folder.checkpoints,
        checkpoint_every=machine.checkpoint_every,
        loader_workers=machine.loader_workers,
        device=machine.device,
        vggish_weights=machine.weight_files.vggish_of(trial.config),
        backbone_weights=machine.weight_files.backbone_of(trial.config),
        sound_cache=store.sound_cache,
        initial_weights=store.trial(initial).tested_checkpoint if initial else None,
    )


def _step_values(event: Stepped) -> dict[str, float]:
    """Losses by kind, unweighted and summed over the predictions, and the weighted total."""
    values = {"lr": event.lr, "gradient_norm": event.gradient_norm, "seconds": event.seconds}
    for name, loss in event.losses.items():
        kind = f"loss_{name.partition('_')[0]}"
        values[kind] = values.get(kind, 0.0) + loss
    return values
