"""Validation scores over training steps, from the metrics files of a trial's attempts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from experiments.errors import Problem
from experiments.records import TRIALS, MetricLine
from experiments.trial_files import TrialFiles, before_attempt
from model.regular_files import LARGEST_TABLE, open_regular

VALIDATION_M_J, VALIDATION_M_F = "m_j", "m_f"
"""Keys of the validation scores, fractions, among the values of an evaluation line."""
SILENT = (b'{"kind":"step",', b'{"kind":"system",')
"""How the lines begin that hold no evaluation, as attempts write them; a full training has 90,000 of them."""
WHOLE = b"}}\n"
"""How every line ends that was not torn by a kill."""


class Evaluation(NamedTuple):
    """One validation."""

    step: int
    m_j: float
    """Percent, as is `m_f`."""
    m_f: float | None
    """None if it was not logged."""
    seconds: float
    """Time worked by then, summed over the attempts, each counted from its first metrics line."""


@dataclass(frozen=True)
class Curve:
    """The validations of a trial in the order of their steps."""

    evaluations: tuple[Evaluation, ...]
    problems: tuple[Problem, ...]

    @property
    def points(self) -> tuple[tuple[int, float], ...]:
        """Validation M_J in percent by optimiser step."""
        return tuple((evaluation.step, evaluation.m_j) for evaluation in self.evaluations)


def metrics_files(trial: Path) -> list[str]:
    """The metrics files below a trial directory, in the order of the attempts."""
    return [path.relative_to(trial).as_posix() for path in TrialFiles(trial).metrics_files]


def read_curve(trial: Path) -> Curve:
    """Joins the attempts of a trial directory, as `before_attempt` says.

    Lines that begin as a step and were written to their end are passed over, so damage inside of them goes unseen.
    """
    evaluations: dict[int, Evaluation] = {}
    problems: list[Problem] = []
    worked = 0.0
    for name in metrics_files(trial):
        lines, damage = _telling_lines(trial / name)
        if damage:
            problems.append(Problem(f"{TRIALS}/{trial.name}/{name}", damage))
        evaluations = before_attempt(evaluations, lines)
        if lines:
            began, ended = lines[0].time, lines[-1].time
            evaluations |= {line.step: _evaluation(line, worked - began) for line in lines if _is_validation(line)}
            worked += ended - began
    return Curve(tuple(evaluations[step] for step in sorted(evaluations)), tuple(problems))


def _evaluation(line: MetricLine, offset: float) -> Evaluation:
    m_j, m_f = line.values[VALIDATION_M_J], line.values.get(VALIDATION_M_F)
    return Evaluation(line.step, 100 * m_j, None if m_f is None else 100 * m_f, line.time + offset)


def _is_validation(line: MetricLine) -> bool:
    return line.kind == "evaluation" and VALIDATION_M_J in line.values


def _telling_lines(path: Path) -> tuple[list[MetricLine], str]:
    """The lines of a file that tell something about its evaluations; and what is wrong with the file."""
    lines: list[MetricLine] = []
    unreadable = 0
    try:
        for text in _telling_texts(path):
            try:
                lines.append(MetricLine.model_validate_json(text))
            except ValidationError:
                unreadable += 1
    except OSError as error:
        return [], f"cannot be read: {error.strerror}"
    return lines, f"{unreadable} unreadable line{'s' * (unreadable > 1)}" if unreadable else ""


def _telling_texts(path: Path) -> Iterator[bytes]:
    """All lines up to the first step, then those that are no step, and the last line."""
    begun, passed_over = False, b""
    with open_regular(path, LARGEST_TABLE) as file:
        for text in file:
            is_silent = text.startswith(SILENT) and text.endswith(WHOLE)
            if begun and is_silent:
                passed_over = text
            else:
                passed_over = b""
                begun = begun or (is_silent and text.startswith(SILENT[0]))
                yield text
    if passed_over:
        yield passed_over
