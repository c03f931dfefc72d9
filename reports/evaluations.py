"""Validation scores over training steps, from the metrics files of a trial's attempts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from experiments.errors import Problem
from experiments.records import METRICS_DIR, TRIALS, MetricLine

VALIDATION_M_J = "m_j"
"""Key of the validation M_J, a fraction, among the values of an evaluation line."""


@dataclass(frozen=True)
class Curve:
    """Validation M_J in percent by optimiser step, in the order of the steps."""

    points: tuple[tuple[int, float], ...]
    problems: tuple[Problem, ...]


def read_curve(trial: Path) -> Curve:
    """Joins the attempts of a trial directory.

    An attempt that resumes repeats the steps since its checkpoint; what it logged replaces what came before it.
    """
    points: dict[int, float] = {}
    problems: list[Problem] = []
    for path in sorted((trial / METRICS_DIR).glob("attempt-*.jsonl"), key=_attempt_number):
        lines, unreadable = _read_lines(path)
        if unreadable:
            where = f"{TRIALS}/{trial.name}/{METRICS_DIR}/{path.name}"
            problems.append(Problem(where, f"{unreadable} unreadable line{'s' * (unreadable > 1)}"))
        if lines:
            resumed_at = min(line.step for line in lines)
            points = {step: value for step, value in points.items() if step < resumed_at}
        points |= {
            line.step: 100 * line.values[VALIDATION_M_J]
            for line in lines
            if line.kind == "evaluation" and VALIDATION_M_J in line.values
        }
    return Curve(tuple(sorted(points.items())), tuple(problems))


def _attempt_number(path: Path) -> int:
    digits = path.stem.removeprefix("attempt-")
    return int(digits) if digits.isdecimal() else -1


def _read_lines(path: Path) -> tuple[list[MetricLine], int]:
    lines: list[MetricLine] = []
    unreadable = 0
    for text in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            lines.append(MetricLine.model_validate_json(text))
        except ValidationError:
            unreadable += 1
    return lines, unreadable
