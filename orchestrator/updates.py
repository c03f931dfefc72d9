"""What a running trial tells the driver, and who listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from experiments.records import FailureRecord, MetricLine, ResultRecord


@dataclass(frozen=True)
class Started:
    """An attempt began."""

    key: str
    attempt: int
    step: int
    """Steps that a checkpoint has saved us."""


@dataclass(frozen=True)
class Measured:
    """A metric line was written."""

    key: str
    line: MetricLine


@dataclass(frozen=True)
class Finished:
    """The trial has its result."""

    key: str
    result: ResultRecord


@dataclass(frozen=True)
class Failed:
    """The attempt ended without a result."""

    key: str
    failure: FailureRecord


Update = Started | Measured | Finished | Failed


class Listener(Protocol):
    """Follows a sweep. Must not raise: watching never stops training."""

    def on_update(self, update: Update) -> None:
        """Called in the order in which each trial sent its updates."""
        ...
