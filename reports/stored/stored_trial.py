"""Reads the directory of one trial; a damaged one becomes a problem, never a crash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from experiments.errors import InputError, Problem
from experiments.identity import trial_key
from experiments.records import (
    ATTEMPTS_DIR,
    FAILURE_FILE,
    RESULT_FILE,
    TRIAL_FILE,
    AttemptRecord,
    FailureRecord,
    Record,
    ResultRecord,
    TrialRecord,
)
from model.config import TrialConfig
from reports.stored.documents import (
    check_effort,
    check_score,
    names_in,
    parse_document,
    read_content,
    refusal,
    unreadable,
)

ATTEMPT_FILE = re.compile(r"([0-9]{1,9})\.json")

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

    @cached_property
    def config(self) -> TrialConfig | None:
        """The configuration; None when `trial.json` cannot be trusted."""
        if self.identity is None:
            return None
        return parse_document(TrialRecord, self.identity, self.path / TRIAL_FILE).config

    @cached_property
    def result(self) -> ResultRecord | None:
        """The result; None while unfinished, and when it cannot be trusted."""
        if self.outcome is None:
            return None
        return parse_document(ResultRecord, self.outcome, self.path / RESULT_FILE)


def read_stored_trial(folder: Path) -> StoredTrial:
    """A trial directory with all its documents checked."""
    try:
        identity = _read_identity(folder)
    except InputError as error:
        return StoredTrial(folder.name, folder, identity=None, problem=error.problems[0])
    try:
        if (folder / RESULT_FILE).exists():
            return StoredTrial(folder.name, folder, identity, _read_outcome(folder))
        return _read_unfinished(folder, identity)
    except InputError as error:
        return StoredTrial(folder.name, folder, identity, problem=error.problems[0])
    except OSError as error:
        return StoredTrial(folder.name, folder, identity, problem=unreadable(folder, error).problems[0])


def _read_identity(folder: Path) -> bytes:
    path = folder / TRIAL_FILE
    content = read_content(path)
    record = parse_document(TrialRecord, content, path)
    if record.key != folder.name:
        raise refusal(path, f"is of trial {record.key}, but lies in the folder of {folder.name}")
    key = trial_key(record.config)
    if key != record.key:
        raise refusal(path, f"its configuration has the key {key}")
    return content


def _read_outcome(folder: Path) -> bytes:
    path = folder / RESULT_FILE
    content = read_content(path)
    result = parse_document(ResultRecord, content, path)
    if result.key != folder.name:
        raise refusal(path, f"is of trial {result.key}, but lies in the folder of {folder.name}")
    check_score(result.score, path, "score")
    check_score(result.validation, path, "validation")
    check_effort(result.provenance, path)
    return content


def _read_unfinished(folder: Path, identity: bytes) -> StoredTrial:
    """Why there is no result, as far as it is known; documents may go while this looks, as the trial may be running."""
    last = _last_attempt(folder / ATTEMPTS_DIR)
    return StoredTrial(
        folder.name,
        folder,
        identity,
        failure=_read_if_there(FailureRecord, folder / FAILURE_FILE),
        last_attempt=None if last is None else _read_if_there(AttemptRecord, last),
    )


def _last_attempt(attempts: Path) -> Path | None:
    numbered = {int(name[1]): name[0] for name in map(ATTEMPT_FILE.fullmatch, names_in(attempts)) if name is not None}
    return attempts / numbered[max(numbered)] if numbered else None


def _read_if_there(model: type[Stored], path: Path) -> Stored | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return parse_document(model, content, path)
