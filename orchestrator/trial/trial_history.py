"""The history of a trial from storage: its attempts in order, and their outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from experiments.records import AttemptRecord, MetricLine
from experiments.reproduction_record import ReproductionRecord
from orchestrator.store.stored_documents import stored_lines
from orchestrator.store.trial_folder import TrialFolder, is_document, is_in_checkpoint
from orchestrator.trial.leases import attempt_numbers, read_attempt
from orchestrator.trial.trial_log import TIME

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
"""Begins the lines of a log; those without one continue the line before."""


def fetch_history(folder: TrialFolder) -> None:
    """Fetches what a history is read from; checkpoints are not fetched."""
    folder.storage.fetch(folder.name, lambda name: is_document(name) or not is_in_checkpoint(name))


def attempt_lines(folder: TrialFolder) -> Iterator[str]:
    """Lines about each attempt: start, validation scores, log, end. A later call repeats them and adds new ones."""
    measured: dict[int, list[MetricLine]] = {}
    last_steps: dict[int, int] = {}
    for line in folder.metric_lines():
        last_steps[line.attempt] = line.step
        if line.kind == "evaluation":
            measured.setdefault(line.attempt, []).append(line)
    known = attempt_numbers(folder.storage, folder.path.name)
    for number in sorted({*known, *last_steps}):
        attempt = read_attempt(folder.storage, folder.path.name, number)
        if attempt is not None:
            yield _beginning(attempt)
        said = [*map(_validation, measured.get(number, [])), *_log_lines(folder.log_file(number))]
        yield from sorted(said, key=lambda line: line[: len("2000-01-01T00:00:00Z")])
        if attempt is not None and attempt.ended is not None:
            yield _end(attempt, last_steps.get(number, 0))


def outcome_lines(folder: TrialFolder) -> Iterator[str]:
    """Lines about the present state: result or last failure, quarantined clips, checkpoints, damaged files."""
    if (result := folder.result) is not None:
        score, weights = result.score, result.checkpoint
        scores = f"M_J {100 * score.m_j:.2f}, M_F {100 * score.m_f:.2f}"
        yield f"finished: {scores}, {result.protocol.label}, weights of step {result.best_step} in {weights}"
        yield from map(_reproduction, folder.reproductions())
    elif (failure := folder.failure) is not None:
        said = f"{failure.kind}: {failure.message}"
        yield f"attempt {failure.attempt} ended at {failure.time}, {failure.category}: {said}"
    clips = sorted(folder.quarantine_lines(), key=lambda line: (line.split, line.clip))
    for (split, clip), told in groupby(clips, key=lambda line: (line.split, line.clip)):
        yield f"{split} clip {clip} is quarantined: {next(told).reason}"
    if names := folder.checkpoint_names:
        yield "checkpoints: " + ", ".join(names)
    for problem in (*folder.damaged_attempts(), *folder.torn_metrics(), *folder.unreadable_metrics()):
        yield str(problem)


def _beginning(attempt: AttemptRecord) -> str:
    size = f"{attempt.workers} worker" + ("s" if attempt.workers > 1 else "")
    code = f", code {attempt.commit}" if attempt.commit else ""
    return f"attempt {attempt.attempt} began at {attempt.started} on {attempt.host}, {size} on {attempt.device}{code}"


def _end(attempt: AttemptRecord, step: int) -> str:
    why = f": {attempt.reason}" if attempt.reason else ""
    return f"attempt {attempt.attempt} ended at {attempt.seen}, {attempt.ended} at step {step}{why}"


def _reproduction(record: ReproductionRecord) -> str:
    told = [f"trained again, by {record.finished}: {record.verdict}, {record.scope} compared"]
    return "; ".join(filter(None, (*told, record.finding, *record.conditions)))


def _validation(line: MetricLine) -> str:
    when = datetime.fromtimestamp(line.time, UTC).strftime(TIME)
    scores = ", ".join(f"{_score_name(name)} {100 * value:.2f}" for name, value in line.values.items())
    return f"{when} step {line.step}: validation {scores}"


def _score_name(name: str) -> str:
    return {"m_j": "M_J", "m_f": "M_F"}.get(name, name)


def _log_lines(path: Path) -> Iterator[str]:
    """Log entries, each with its continuation lines, such as a traceback."""
    parts: list[str] = []
    for line in stored_lines(path):
        text = line.decode(errors="replace")
        if STAMP.match(text) and parts:
            yield "\n".join(parts)
            parts = []
        parts.append(text)
    if parts:
        yield "\n".join(parts)
