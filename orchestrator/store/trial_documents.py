"""What the files of one trial say: which trial it is, how far it came, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from experiments.agreement import disagreement, misplaced
from experiments.errors import InputError, Problem
from experiments.records import (
    ATTEMPTS_DIR,
    CHECKPOINTS_DIR,
    CODE_DIR,
    LOGS_DIR,
    METRICS_DIR,
    PATCH_NAME,
    PICTURES_DIR,
    PREVIEWS_DIR,
    RESULT_FILE,
    AttemptRecord,
    FailureRecord,
    MetricLine,
    QuarantineLine,
    ResultRecord,
    TrialRecord,
)
from experiments.reproduction_record import REPRODUCTIONS_DIR, ReproductionRecord
from experiments.trial import Trial
from experiments.trial_files import TrialFiles
from model.manifest import is_frozen_name
from model.numbered_names import BEST_WEIGHTS, TRAINING_STATE, NumberedName
from model.regular_files import LARGEST_TABLE
from orchestrator.store.stored_documents import check_file, damaged, read_record, stored_bytes
from orchestrator.store.trial_lines import (
    read_metrics,
    read_quarantine,
    seconds_measured,
    torn_files,
    unreadable_lines,
)

FOLDERS = (
    *(ATTEMPTS_DIR, CHECKPOINTS_DIR, METRICS_DIR, LOGS_DIR, CODE_DIR),
    *(PICTURES_DIR, PREVIEWS_DIR, REPRODUCTIONS_DIR),
)


class TrialDocuments(TrialFiles):
    """Reads a trial directory; a document that cannot be trusted is refused with its file and the reason."""

    @property
    def identity(self) -> TrialRecord | None:
        """Which trial this is, once it has begun.

        Raises:
            InputError: the stored record is damaged, or of another trial.
        """
        path = self.identity_file
        stored = read_record(path, TrialRecord)
        if stored is not None and (wrong := misplaced(stored, self.path.name)) is not None:
            raise damaged(path, wrong)
        return stored

    @property
    def result(self) -> ResultRecord | None:
        """The result, once the trial is finished; raises what `outcome` raises."""
        outcome = self.outcome
        return None if outcome is None else outcome[1]

    @property
    def outcome(self) -> tuple[TrialRecord, ResultRecord] | None:
        """Identity and result, once the trial is finished.

        Raises:
            InputError: the stored result is damaged, or of another trial, or contradicts this one's identity.
        """
        path = self.result_file
        result = read_record(path, ResultRecord)
        if result is None:
            return None
        identity = self.identity
        if identity is None:
            raise damaged(self.identity_file, f"it is missing beside {RESULT_FILE}")
        if (wrong := disagreement(identity, result)) is not None:
            raise damaged(path, wrong)
        return identity, result

    @property
    def tested_checkpoint(self) -> Path | None:
        """Folder of the weights that were tested, once the trial is finished.

        Raises:
            InputError: the stored result is damaged, or names a place outside of this folder.
        """
        result = self.result
        if result is None:
            return None
        checkpoint = self.path / result.checkpoint
        if not checkpoint.resolve().is_relative_to(self.path.resolve()):
            raise damaged(self.result_file, f"it names a checkpoint outside of the trial folder, {result.checkpoint!r}")
        return checkpoint

    @property
    def failure(self) -> FailureRecord | None:
        """Why the last attempt ended early, if it did."""
        return read_record(self.failure_file, FailureRecord)

    @property
    def has_checkpoint(self) -> bool:
        """Whether a training state was written; it may still turn out to be damaged."""
        return self.steps_done > 0

    @property
    def steps_done(self) -> int:
        """Optimiser steps behind the newest training state, damaged or not."""
        return max(self.steps(TRAINING_STATE), default=0)

    @property
    def checkpoint_names(self) -> list[str]:
        """Names of all checkpoints, damaged or not, in the order of their steps."""
        steps = sorted((step, kind.of(step)) for kind in (BEST_WEIGHTS, TRAINING_STATE) for step in self.steps(kind))
        return [name for _, name in steps]

    @property
    def frozen_tensors(self) -> list[str]:
        """Names of the folders of what no training changes, to which training states refer."""
        folder = self.path / CHECKPOINTS_DIR
        return sorted(path.name for path in folder.iterdir() if is_frozen_name(path.name)) if folder.is_dir() else []

    @property
    def last_attempt(self) -> AttemptRecord | None:
        """The newest attempt as of the last fetch; None if there is none, or its record is damaged."""
        return self._attempt(self.attempts)

    def reproductions(self) -> list[ReproductionRecord]:
        """What training the trial again gave, in the order in which that was done; damaged records are passed over."""
        found = []
        for path in self.reproduction_files:
            with suppress(InputError):
                found += [record] if (record := read_record(path, ReproductionRecord)) else []
        return found

    def patches(self) -> list[Path]:
        """Files of what the code of attempts had beyond their commits, in their order; none where it had nothing."""
        return [self.path / CODE_DIR / PATCH_NAME.of(number) for number in self.numbers(CODE_DIR, PATCH_NAME)]

    def metric_lines(self) -> Iterator[MetricLine]:
        """What all attempts measured, in the order of the attempts; lines that a kill tore are passed over."""
        return read_metrics(self.metrics_files)

    def torn_metrics(self) -> Iterator[Problem]:
        """The metrics files that a kill in mid-write has torn."""
        return torn_files(self.metrics_files)

    def unreadable_metrics(self) -> Iterator[Problem]:
        """The metrics files with lines that nobody can read; unlike `torn_metrics` this looks at every line."""
        return unreadable_lines(self.metrics_files)

    def seconds_spent(self) -> float:
        """Time from the first to the last line of each attempt, summed."""
        return seconds_measured(self.metric_lines())

    def metrics_contents(self) -> Iterator[bytes]:
        """What the metrics files hold, in the order of the attempts.

        Raises:
            InputError: one of them is no file.
        """
        return map(stored_bytes, self.metrics_files)

    def intact_attempts(self) -> list[AttemptRecord]:
        """The records of all attempts that can be read, in their order."""
        return [record for record in map(self._attempt, self.attempt_numbers) if record]

    def damaged_attempts(self) -> Iterator[Problem]:
        """The records of attempts that nobody can read; such an attempt holds nothing back."""
        for number in self.attempt_numbers:
            try:
                read_record(self.attempt_file(number), AttemptRecord)
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
        for path in (self.identity_file, self.result_file, self.failure_file):
            check_file(path)
        for number in self.attempt_numbers:
            check_file(self.attempt_file(number))
        for path in (self.scores_file, self.quarantine_file, *self.metrics_files):
            check_file(path, LARGEST_TABLE)

    def quarantine_lines(self) -> Iterator[QuarantineLine]:
        """What all attempts could not use, in the order in which it was found; damaged lines are passed over."""
        return read_quarantine(self.quarantine_file)

    def check_identity(self, trial: Trial) -> bool:
        """Whether the identity is stored already.

        Raises:
            InputError: the folder holds another trial or a damaged record.
        """
        path = self.identity_file
        stored = read_record(path, TrialRecord)
        if stored is not None and (stored.config != trial.config or stored.key != trial.key):
            problem = f"holds another trial than its name says ({stored.key})"
            raise InputError(Problem(str(path), problem, "move the folder away"))
        return stored is not None

    def _attempt(self, number: int) -> AttemptRecord | None:
        """The record of an attempt; None if there is none that can be read."""
        with suppress(InputError):
            return read_record(self.attempt_file(number), AttemptRecord)
        return None

    def steps(self, kind: NumberedName) -> list[int]:
        """Steps of the checkpoints of a kind, ascending."""
        return self.numbers(CHECKPOINTS_DIR, kind)
