"""Reads the directory of one trial; a damaged one becomes a problem, never a crash."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from experiments.agreement import disagreement, misplaced
from experiments.errors import InputError, Problem
from experiments.records import (
    EVALUATIONS,
    AttemptRecord,
    EvaluationRecord,
    FailureRecord,
    Record,
    ResultRecord,
    TrialRecord,
)
from experiments.reproduction_record import ReproductionRecord
from experiments.trial_files import TrialFiles
from model.config import TrialConfig
from model.regular_files import read_regular
from reports.stored.documents import damaged, parse_document, read_content, unreadable
from reports.stored.reproductions import read_reproductions

Stored = TypeVar("Stored", bound=Record)


@dataclass(frozen=True)
class StoredTrial:
    """A trial directory as found: finished, failed, unfinished, or with a problem."""

    key: str
    """Name of the directory."""
    path: Path
    identity: bytes | None
    """What `trial.json` holds, checked; None when it cannot be trusted."""
    outcome: bytes | None = None
    """What `result.json` holds, checked; None while there is none, and when it cannot be trusted."""
    failure: FailureRecord | None = None
    """How the last attempt ended early; None where there is a result."""
    last_attempt: AttemptRecord | None = None
    """The newest attempt; None where there is a result."""
    problem: Problem | None = None
    rescored: EvaluationRecord | None = None
    """The evaluation of its tested weights whose score counts instead of its own; None where its own counts."""

    @cached_property
    def config(self) -> TrialConfig | None:
        """The configuration; None when `trial.json` cannot be trusted."""
        if self.identity is None:
            return None
        return parse_document(TrialRecord, self.identity, TrialFiles(self.path).identity_file).config

    @cached_property
    def own_result(self) -> ResultRecord | None:
        """What `result.json` says; None while unfinished, and when it cannot be trusted."""
        if self.outcome is None:
            return None
        return parse_document(ResultRecord, self.outcome, TrialFiles(self.path).result_file)

    @cached_property
    def result(self) -> ResultRecord | None:
        """The same with the score that counts."""
        own, again = self.own_result, self.rescored
        if own is None or again is None:
            return own
        left_out = {**own.quarantined, again.protocol.split: again.quarantined}
        quarantined = {split: clips for split, clips in left_out.items() if clips}
        return own.model_copy(update={"protocol": again.protocol, "score": again.score, "quarantined": quarantined})

    @cached_property
    def reproductions(self) -> tuple[ReproductionRecord, ...]:
        """What training it again gave, in the order in which that was done."""
        return () if self.outcome is None else read_reproductions(self.path, self.outcome)

    @property
    def scores_folder(self) -> Path:
        """Folder of the per-clip scores behind the score that counts."""
        return self.path if self.rescored is None else self.path.parents[1] / EVALUATIONS / self.rescored.key


def read_stored_trial(folder: Path) -> StoredTrial:
    """A trial directory with all its documents checked."""
    try:
        identity, trial = _read_identity(folder)
    except InputError as error:
        return StoredTrial(folder.name, folder, identity=None, problem=error.problems[0])
    try:
        if os.path.lexists(TrialFiles(folder).result_file):
            return StoredTrial(folder.name, folder, identity, _read_outcome(folder, trial))
        return _read_unfinished(folder, identity)
    except InputError as error:
        return StoredTrial(folder.name, folder, identity, problem=error.problems[0])
    except OSError as error:
        return StoredTrial(folder.name, folder, identity, problem=unreadable(folder, error).problems[0])


def _read_identity(folder: Path) -> tuple[bytes, TrialRecord]:
    path = TrialFiles(folder).identity_file
    content = read_content(path)
    record = parse_document(TrialRecord, content, path)
    if (wrong := misplaced(record, folder.name)) is not None:
        raise damaged(path, wrong)
    return content, record


def _read_outcome(folder: Path, trial: TrialRecord) -> bytes:
    path = TrialFiles(folder).result_file
    content = read_content(path)
    if (wrong := disagreement(trial, parse_document(ResultRecord, content, path))) is not None:
        raise damaged(path, wrong)
    return content


def _read_unfinished(folder: Path, identity: bytes) -> StoredTrial:
    """Why there is no result, as far as it is known; documents may go while this looks, as the trial may be running."""
    files = TrialFiles(folder)
    last = files.newest_attempt_file
    return StoredTrial(
        folder.name,
        folder,
        identity,
        failure=_read_if_there(FailureRecord, files.failure_file),
        last_attempt=None if last is None else _read_if_there(AttemptRecord, last),
    )


def _read_if_there(model: type[Stored], path: Path) -> Stored | None:
    try:
        content = read_regular(path)
    except FileNotFoundError:
        return None
    return parse_document(model, content, path)
