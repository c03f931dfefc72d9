"""Lines that attempts append to files of a trial: metrics, and quarantined clips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from experiments.errors import Problem, unreadable
from experiments.records import MetricLine, QuarantineLine
from orchestrator.store.stored_documents import last_line, stored_lines


def read_metrics(files: Iterable[Path]) -> Iterator[MetricLine]:
    """Metric lines, in the order of the files; lines torn by a kill are skipped."""
    for path in files:
        for text in stored_lines(path):
            with suppress(ValidationError):
                yield MetricLine.model_validate_json(text)


def torn_files(files: Iterable[Path]) -> Iterator[Problem]:
    """Files whose last line is incomplete: a kill while writing tears only the last one, as lines are appended."""
    for path in files:
        try:
            text = last_line(path)
        except OSError as error:
            is_denied = isinstance(error, PermissionError)
            yield unreadable(str(path), error) if is_denied else Problem(str(path), f"is damaged: {error.strerror}")
            continue
        if text and not _is_metric(text):
            yield Problem(str(path), "its last line is torn and passed over")


def unreadable_lines(files: Iterable[Path]) -> Iterator[Problem]:
    """The files in which lines before the last one are damaged."""
    for path in files:
        lines = stored_lines(path)
        numbers = [number for number, text in enumerate(lines[:-1], start=1) if text and not _is_metric(text)]
        if numbers:
            said = f"{len(numbers)} of its lines cannot be read and are passed over, the first is line {numbers[0]}"
            yield Problem(str(path), said)


def seconds_measured(lines: Iterable[MetricLine]) -> float:
    """Time from the first to the last line of each attempt, summed; none for one whose clock was set back."""
    spans: dict[int, tuple[float, float]] = {}
    for line in lines:
        first, _ = spans.get(line.attempt, (line.time, line.time))
        spans[line.attempt] = first, line.time
    return sum(max(0.0, last - first) for first, last in spans.values())


def read_quarantine(path: Path) -> Iterator[QuarantineLine]:
    """The clips that could not be used, in the order in which they were found; damaged lines are passed over."""
    for line in stored_lines(path):
        with suppress(ValidationError):
            yield QuarantineLine.model_validate_json(line)


def _is_metric(text: bytes) -> bool:
    with suppress(ValidationError):
        MetricLine.model_validate_json(text)
        return True
    return False
