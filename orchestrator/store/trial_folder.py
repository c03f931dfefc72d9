"""One trial's directory in storage: what ran, how far it came, and what came of it."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.agreement import disagreement, misplaced
from experiments.errors import InputError, Problem
from experiments.records import (
    ATTEMPT_NAME,
    ATTEMPTS_DIR,
    CHECKPOINTS_DIR,
    CODE_DIR,
    EARLIER_DIR,
    FAILURE_FILE,
    LOGS_DIR,
    METRICS_DIR,
    METRICS_NAME,
    PATCH_NAME,
    PICTURES_DIR,
    QUARANTINE_FILE,
    RESULT_FILE,
    SCORES_FILE,
    TRIAL_FILE,
    AttemptRecord,
    FailureRecord,
    MetricLine,
    QuarantineLine,
    ResultRecord,
    TrialRecord,
)
from experiments.trial import Trial
from model.numbered_names import BEST_WEIGHTS, TRAINING_STATE, NumberedName
from model.regular_files import LARGEST_TABLE
from orchestrator.storage.storage import Storage
from orchestrator.store.measured_lines import (
    read_metrics,
    read_quarantine,
    seconds_measured,
    torn_files,
    unreadable_lines,
)
from orchestrator.store.stored_documents import (
    DAMAGED,
    check_file,
    damaged,
    read_record,
    record_bytes,
    score_bytes,
    stored_bytes,
    stored_lines,
)

if TYPE_CHECKING:
    from PIL.Image import Image

    from model.metrics.protocol import ClipScore

log = logging.getLogger(__name__)

DOCUMENTS = (".json", ".jsonl", ".stop")
FOLDERS = (ATTEMPTS_DIR, CHECKPOINTS_DIR, METRICS_DIR, LOGS_DIR, CODE_DIR, PICTURES_DIR)


@dataclass(frozen=True)
class TrialFolder:
    """One trial's directory. What it reads is as new as the last fetch; what it writes is stored at once."""

    storage: Storage
    name: str
    """In storage, such as `trials/<key>`."""

    @property
    def path(self) -> Path:
        """Where it is read."""
        return self.storage.root / self.name

    @property
    def checkpoints(self) -> Path:
        """Folder of training states and best weights."""
        return self.path / CHECKPOINTS_DIR

    @property
    def identity(self) -> TrialRecord | None:
        """Which trial this is, once it has begun.

        Raises:
            InputError: the stored record is damaged, or of another trial.
        """
        path = self.path / TRIAL_FILE
        stored = read_record(path, TrialRecord)
        if stored is not None and (wrong := misplaced(stored, self.path.name)) is not None:
            raise damaged(path, wrong)
        return stored

    @property
    def result(self) -> ResultRecord | None:
        """The outcome, once the trial is finished.

        Raises:
            InputError: the stored result is damaged, or of another trial, or contradicts this one's identity.
        """
        path = self.path / RESULT_FILE
        result = read_record(path, ResultRecord)
        if result is None:
            return None
        identity = self.identity
        if identity is None:
            raise damaged(self.path / TRIAL_FILE, f"it is missing beside {RESULT_FILE}")
        if (wrong := disagreement(identity, result)) is not None:
            raise damaged(path, wrong)
        return result

    @property
    def tested_checkpoint(self) -> Path | None:
        """Folder of the weights that were tested, once the trial is finished.

        Raises:
            InputError: the stored result is damaged, or names a path outside of this folder.
        """
        result = self.result
        if result is None:
            return None
        checkpoint = self.path / result.checkpoint
        if not checkpoint.resolve().is_relative_to(self.path.resolve()):
            problem = f"names a checkpoint outside of the trial folder, {result.checkpoint!r}"
            raise InputError(Problem(str(self.path / RESULT_FILE), problem, DAMAGED))
        return checkpoint

    @property
    def failure(self) -> FailureRecord | None:
        """Why the last attempt ended early, if it did."""
        return read_record(self.path / FAILURE_FILE, FailureRecord)

    @property
    def has_checkpoint(self) -> bool:
        """Whether a training state was written; it may still turn out to be damaged."""
        return self.steps_done > 0

    @property
    def steps_done(self) -> int:
        """Optimiser steps behind the newest training state, damaged or not."""
        return max(self._steps(TRAINING_STATE), default=0)

    @property
    def checkpoint_names(self) -> list[str]:
        """Names of all checkpoints, damaged or not, in the order of their steps."""
        steps = sorted((step, kind.of(step)) for kind in (BEST_WEIGHTS, TRAINING_STATE) for step in self._steps(kind))
        return [name for _, name in steps]

    @property
    def attempts(self) -> int:
        """Executions started so far."""
        return max([*self._numbers(ATTEMPTS_DIR, ATTEMPT_NAME), *self._numbers(METRICS_DIR, METRICS_NAME)], default=0)

    @property
    def last_attempt(self) -> AttemptRecord | None:
        """The newest attempt as of the last fetch; None if there is none, or its record is damaged."""
        return self._attempt(self.attempts)

    def fetch(self) -> None:
        """Makes all that can be read equal to what is stored: documents, metrics, checkpoints; nothing set aside."""
        earlier = f"{self.name}/{EARLIER_DIR}/"
        self.storage.fetch(self.name, lambda name: not name.startswith(earlier))

    def fetch_documents(self) -> None:
        """Makes the documents equal to those stored, metrics and checkpoints aside."""
        self.storage.fetch(self.name, is_document)

    def fetch_tested_checkpoint(self) -> Path | None:
        """Folder of the weights that were tested, made equal to what is stored; None if the trial is not finished.

        Raises:
            InputError: as for `tested_checkpoint`.
        """
        self.fetch_documents()
        folder = self.tested_checkpoint
        if folder is not None:
            self.storage.fetch(folder.relative_to(self.storage.root).as_posix())
        return folder

    def metrics_file(self, attempt: int) -> Path:
        """Where an attempt writes its `MetricLine`s."""
        return self.path / METRICS_DIR / METRICS_NAME.of(attempt)

    def log_file(self, attempt: int) -> Path:
        """Where an attempt's process writes what it says."""
        return self.path / LOGS_DIR / f"attempt-{attempt}.log"

    def patches(self) -> list[Path]:
        """Files of what the code of attempts had beyond their commits, in their order; none where it had nothing."""
        return [self.path / CODE_DIR / PATCH_NAME.of(number) for number in self._numbers(CODE_DIR, PATCH_NAME)]

    def publish_metrics(self, attempt: int) -> None:
        """Stores what an attempt has measured so far."""
        self.storage.publish(f"{self.name}/{METRICS_DIR}/{METRICS_NAME.of(attempt)}")

    def publish_log(self, attempt: int) -> None:
        """Stores what an attempt's process has said so far, if it has said anything."""
        log_file = self.log_file(attempt)
        if log_file.exists():
            self.storage.publish(log_file.relative_to(self.storage.root).as_posix())

    def publish_checkpoints(self) -> None:
        """Stores checkpoints that are new here, then deletes stored ones that were pruned here.

        What lies beyond the newest one here stays: it is of another attempt, if this one was thought dead.
        """
        checkpoints = f"{self.name}/{CHECKPOINTS_DIR}"
        stored = {name.removeprefix(f"{checkpoints}/").partition("/")[0] for name in self.storage.sizes(checkpoints)}
        here = {kind.of(step): step for kind in (BEST_WEIGHTS, TRAINING_STATE) for step in self._steps(kind)}
        for checkpoint in here:
            self.storage.publish(f"{checkpoints}/{checkpoint}")
        newest = max(here.values(), default=-1)
        for pruned in sorted(stored - here.keys()):
            if 0 <= _step_of(pruned) <= newest:
                self.storage.delete(f"{checkpoints}/{pruned}")

    def metric_lines(self) -> Iterator[MetricLine]:
        """What all attempts measured, in the order of the attempts; lines that a kill tore are passed over."""
        return read_metrics(self._metrics_files())

    def torn_metrics(self) -> Iterator[Problem]:
        """The metrics files that a kill in mid-write has torn."""
        return torn_files(self._metrics_files())

    def unreadable_metrics(self) -> Iterator[Problem]:
        """The metrics files with lines that nobody can read; unlike `torn_metrics` this looks at every line."""
        return unreadable_lines(self._metrics_files())

    def seconds_spent(self) -> float:
        """Time from the first to the last line of each attempt, summed."""
        return seconds_measured(self.metric_lines())

    def metrics_contents(self) -> Iterator[bytes]:
        """What the metrics files hold, in the order of the attempts.

        Raises:
            InputError: one of them is no file.
        """
        return map(stored_bytes, self._metrics_files())

    def intact_attempts(self) -> list[AttemptRecord]:
        """The records of all attempts that can be read, in their order."""
        return [record for record in map(self._attempt, self._numbers(ATTEMPTS_DIR, ATTEMPT_NAME)) if record]

    def damaged_attempts(self) -> Iterator[Problem]:
        """The records of attempts that nobody can read; such an attempt holds nothing back."""
        for number in self._numbers(ATTEMPTS_DIR, ATTEMPT_NAME):
            try:
                read_record(self.path / ATTEMPTS_DIR / ATTEMPT_NAME.of(number), AttemptRecord)
            except InputError as error:
                yield Problem(error.problems[0].where, f"{error.problems[0].what}; it is passed over")

    def check_files(self) -> None:
        """Looks whether all files of the trial can be files, so that no attempt works for nothing.

        Raises:
            InputError: a folder, a pipe or the like lies where a file belongs, or a file where a folder does.
        """
        for folder in (self.path, *(self.path / name for name in FOLDERS)):
            if os.path.lexists(folder) and not folder.is_dir():
                raise damaged(folder, "it is no folder")
        for name in (TRIAL_FILE, RESULT_FILE, FAILURE_FILE):
            check_file(self.path / name)
        for number in self._numbers(ATTEMPTS_DIR, ATTEMPT_NAME):
            check_file(self.path / ATTEMPTS_DIR / ATTEMPT_NAME.of(number))
        for path in (self.path / SCORES_FILE, self.path / QUARANTINE_FILE, *self._metrics_files()):
            check_file(path, LARGEST_TABLE)

    def quarantine_lines(self) -> Iterator[QuarantineLine]:
        """What all attempts could not use, in the order in which it was found; damaged lines are passed over."""
        return read_quarantine(self.path / QUARANTINE_FILE)

    def add_quarantined(self, line: QuarantineLine) -> None:
        """Notes a clip that an attempt could not use."""
        lines = (*stored_lines(self.path / QUARANTINE_FILE), line.model_dump_json().encode())
        self._write(QUARANTINE_FILE, b"".join(known + b"\n" for known in lines))

    def check_identity(self, trial: Trial) -> bool:
        """Whether the identity is stored already.

        Raises:
            InputError: the folder holds another trial or a damaged record.
        """
        path = self.path / TRIAL_FILE
        stored = read_record(path, TrialRecord)
        if stored is not None and (stored.config != trial.config or stored.key != trial.key):
            problem = f"holds another trial than its name says ({stored.key})"
            raise InputError(Problem(str(path), problem, "move the folder away"))
        return stored is not None

    def begin(self, trial: Trial) -> None:
        """Stores the identity, once, and forgets how the attempt before ended.

        Raises:
            InputError: the folder holds another trial, a damaged record, or something else where a file belongs.
        """
        self.check_files()
        is_known = self.check_identity(trial)
        if self.result is not None:
            log.warning("trial %s has a result already; another one will be dropped", trial.key)
        if not is_known:
            self._write(TRIAL_FILE, record_bytes(TrialRecord(key=trial.key, config=trial.config)))
        self.storage.delete(f"{self.name}/{FAILURE_FILE}")

    def write_patch(self, attempt: int, patch: str) -> None:
        """Notes what the code of an attempt has beyond its commit, if it has anything."""
        if patch:
            self._write(f"{CODE_DIR}/{PATCH_NAME.of(attempt)}", patch.encode())

    def write_scores(self, clips: Sequence[ClipScore]) -> Path:
        """Per-clip scores as Parquet."""
        return self._write(SCORES_FILE, score_bytes(clips))

    def write_picture(self, name: str, picture: Image) -> Path:
        """A qualitative result as PNG."""
        buffer = io.BytesIO()
        picture.save(buffer, format="PNG")
        return self._write(f"{PICTURES_DIR}/{name}", buffer.getvalue())

    def write_result(self, result: ResultRecord) -> None:
        """The last write of a trial, once all that it names is stored: from now on the trial is finished.

        The first result stays; a later one is dropped.
        """
        content = record_bytes(result)
        self.publish_checkpoints()
        if self.metrics_file(result.provenance.attempts).exists():
            self.publish_metrics(result.provenance.attempts)
        if not self.storage.create(f"{self.name}/{RESULT_FILE}", content):
            self.fetch_documents()
            log.warning("trial %s has a result already; a second one is dropped", result.key)
        self.storage.delete(f"{self.name}/{FAILURE_FILE}")

    def write_failure(self, failure: FailureRecord) -> None:
        """Notes how an attempt ended; not what a user may not do, which says nothing of the trial for others."""
        if failure.category != "not-permitted":
            self._write(FAILURE_FILE, record_bytes(failure))

    def clear_failure(self, *, with_checkpoints: bool) -> None:
        """Deletes the failure record, so that the trial continues, or starts over without checkpoints."""
        if with_checkpoints:
            self.storage.delete(f"{self.name}/{CHECKPOINTS_DIR}")
        self.storage.delete(f"{self.name}/{FAILURE_FILE}")

    def _write(self, file: str, content: bytes) -> Path:
        self.storage.write(f"{self.name}/{file}", content)
        return self.path / file

    def _metrics_files(self) -> list[Path]:
        """Metrics files of all attempts, in their order."""
        return [self.metrics_file(number) for number in self._numbers(METRICS_DIR, METRICS_NAME)]

    def _attempt(self, number: int) -> AttemptRecord | None:
        """The record of an attempt; None if there is none that can be read."""
        with suppress(InputError):
            return read_record(self.path / ATTEMPTS_DIR / ATTEMPT_NAME.of(number), AttemptRecord)
        return None

    def _numbers(self, folder: str, form: NumberedName) -> list[int]:
        """Numbers in the names of a folder's entries that have a form, ascending; empty without permission."""
        with suppress(PermissionError):
            return form.numbers((path.name for path in (self.path / folder).glob("*")), f"{self.name}/{folder}")
        return []

    def _steps(self, kind: NumberedName) -> list[int]:
        """Steps of the checkpoints of a kind, ascending."""
        return self._numbers(CHECKPOINTS_DIR, kind)


def is_document(name: str) -> bool:
    """Whether a file says what a trial is and how far it has come; of a training state its manifest says that."""
    if is_in_checkpoint(name):
        return "/step-" in name and name.endswith("/manifest.json")
    return name.endswith(DOCUMENTS) and f"/{METRICS_DIR}/" not in name


def is_in_checkpoint(name: str) -> bool:
    """Whether a file is part of a checkpoint."""
    return f"/{CHECKPOINTS_DIR}/" in name


def _step_of(checkpoint: str) -> int:
    """Step at which a checkpoint was written; -1 for other names."""
    steps = (kind.number(checkpoint) for kind in (BEST_WEIGHTS, TRAINING_STATE))
    return next((step for step in steps if step is not None), -1)
