"""What verifying finds: something that is stored and does not follow from the data."""

from __future__ import annotations

from dataclasses import dataclass

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
