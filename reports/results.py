"""Reads the trial directories of a storage folder; a damaged one becomes a problem, never a crash."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from experiments.errors import InputError, Problem, validate
from experiments.identity import trial_key
from experiments.records import RESULT_FILE, TRIAL_FILE, TRIALS, ResultRecord, ScoreRecord, TrialRecord
from model.config import TrialConfig

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class StoredTrial:
    """A trial directory as found: finished, unfinished (no result), or with a problem."""

    key: str
    """Name of the directory."""
    path: Path
    config: TrialConfig | None
    """None when `trial.json` cannot be trusted."""
    result: ResultRecord | None
    """None while unfinished, and when the result cannot be trusted."""
    problem: Problem | None


def read_trials(storage: Path) -> list[StoredTrial]:
    """All trial directories in the order of their keys; empty when the storage holds none yet."""
    trials = storage / TRIALS
    if not trials.is_dir():
        return []
    folders = [path for path in trials.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return [_read_trial(folder) for folder in sorted(folders)]


def _read_trial(folder: Path) -> StoredTrial:
    key = folder.name
    try:
        config = _read_config(folder)
    except InputError as error:
        return StoredTrial(key, folder, None, None, error.problems[0])
    try:
        return StoredTrial(key, folder, config, _read_result(folder), None)
    except InputError as error:
        return StoredTrial(key, folder, config, None, error.problems[0])


def _read_config(folder: Path) -> TrialConfig:
    record = _read_document(TrialRecord, folder / TRIAL_FILE)
    if record.key != folder.name:
        raise _refusal(folder / TRIAL_FILE, f"is of trial {record.key}, but lies in the folder of {folder.name}")
    if trial_key(record.config) != record.key:
        raise _refusal(folder / TRIAL_FILE, f"its configuration has the key {trial_key(record.config)}")
    return record.config


def _read_result(folder: Path) -> ResultRecord | None:
    path = folder / RESULT_FILE
    if not path.exists():
        return None
    result = _read_document(ResultRecord, path)
    if result.key != folder.name:
        raise _refusal(path, f"is of trial {result.key}, but lies in the folder of {folder.name}")
    _check_score(result.score, path, "score")
    _check_score(result.validation, path, "validation")
    return result


def _check_score(score: ScoreRecord, path: Path, name: str) -> None:
    if score.count <= 0:
        raise _refusal(path, f"{name} counts no clips")
    if not all(math.isfinite(value) and 0 <= value <= 1 for value in (score.m_j, score.m_f)):
        raise _refusal(path, f"{name} lies outside [0, 1]")


def _read_document(model: type[Document], path: Path) -> Document:
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise _refusal(path, "is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise _refusal(path, f"cannot be read: {error}") from None
    return validate(model, values, _shown(path))


def _refusal(path: Path, what: str) -> InputError:
    return InputError(Problem(_shown(path), what))


def _shown(path: Path) -> str:
    """The path below the storage folder, so that reports do not depend on where the storage lies."""
    return f"{TRIALS}/{path.parent.name}/{path.name}"
