"""What verifying finds: something that is stored and does not follow from the data."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.errors import Problem
from experiments.schema import Measure


@dataclass(frozen=True)
class Discrepancy:
    """Something that does not follow from the data."""

    what: str
    """Such as `M_J of the test split`."""
    stored: str
    recomputed: str
    metric: Measure | None = None
    """The only measure that it touches; None for all of them."""
    is_denied: bool = False
    """Whether nothing can be said, because this user may not read a file."""


def not_as_stored(what: str, stored: str, problem: Problem) -> Discrepancy:
    """What is told of a file that is damaged, missing or closed to this user."""
    return Discrepancy(what, stored, problem.what, is_denied=problem.is_denied)
