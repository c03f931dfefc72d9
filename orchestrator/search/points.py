"""Points of a search and what became of their trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from experiments.records import ResultRecord
from experiments.search_schema import Objective
from experiments.searches import Point
from experiments.trial import Trial

State = Literal["running", "finished", "pruned", "failed"]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a point."""

    state: State
    values: tuple[float, ...] = ()
    """Values of the objectives, in their order, once the point is finished."""
    intermediate: Mapping[int, float] = field(default_factory=dict)
    """Validation M_J by step, of a pruned point."""
    reason: str = ""
    """Why the point failed."""


@dataclass(frozen=True)
class TriedPoint:
    """A point that was suggested, or whose trial is stored."""

    point: Point
    trial: Trial
    outcome: Outcome


RUNNING = Outcome("running")
"""The trial runs, or is yet to be run to its end."""


def finished(result: ResultRecord, objectives: Sequence[Objective]) -> Outcome:
    """The outcome of a trial with a result: failed if the result lacks an objective."""
    values = {objective: _value(result, objective) for objective in objectives}
    lacking = [objective for objective, value in values.items() if value is None]
    if lacking:
        return Outcome("failed", reason=f"its result holds no {' and no '.join(lacking)}")
    return Outcome("finished", tuple(value for value in values.values() if value is not None))


def pruned(intermediate: Mapping[int, float]) -> Outcome:
    """The outcome of a trial that early stopping ended."""
    return Outcome("pruned", intermediate=dict(sorted(intermediate.items())))


def failed(reason: str) -> Outcome:
    """The outcome of a trial that failed by its own fault."""
    return Outcome("failed", reason=reason)


def _value(result: ResultRecord, objective: Objective) -> float | None:
    match objective:
        case "m_j":
            return result.validation.m_j
        case "m_f":
            return result.validation.m_f
        case "parameters":
            return float(result.parameters)
        case "trainable_parameters":
            return float(result.trainable_parameters)
        case "seconds_per_clip":
            return result.seconds_per_clip
