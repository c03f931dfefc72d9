"""Reads the trial directories of a storage folder; a damaged one becomes a problem, never a crash."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from experiments.errors import InputError, Problem
from experiments.identity import trial_key
from experiments.records import RESULT_FILE, TRIAL_FILE, TRIALS, ResultRecord, TrialRecord
from model.config import TrialConfig
from reports.documents import check_score, read_document, refusal


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
    record = read_document(TrialRecord, folder / TRIAL_FILE)
    if record.key != folder.name:
        raise refusal(folder / TRIAL_FILE, f"is of trial {record.key}, but lies in the folder of {folder.name}")
    if trial_key(record.config) != record.key:
        raise refusal(folder / TRIAL_FILE, f"its configuration has the key {trial_key(record.config)}")
    return record.config


def _read_result(folder: Path) -> ResultRecord | None:
    path = folder / RESULT_FILE
    if not path.exists():
        return None
    result = read_document(ResultRecord, path)
    if result.key != folder.name:
        raise refusal(path, f"is of trial {result.key}, but lies in the folder of {folder.name}")
    check_score(result.score, path, "score")
    check_score(result.validation, path, "validation")
    return result
