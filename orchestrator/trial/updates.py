"""What a running trial tells the driver and hears from it, and who listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from experiments.records import Ending, FailureRecord, MetricLine, ResultRecord
from experiments.trial import Trial

Wish = Literal["stopped", "preempted"]
"""How an attempt that is asked to end shall be called."""


@dataclass(frozen=True)
class Started:
    """An attempt began."""

    trial: Trial
    attempt: int
    step: int
    """Steps that a checkpoint has saved us."""

    @property
    def key(self) -> str:
        """Of the trial."""
        return self.trial.key


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
    """The attempt ended with an error."""

    key: str
    failure: FailureRecord
    again: bool
    """Whether another attempt follows in this run."""


@dataclass(frozen=True)
class Ended:
    """The attempt ended early without an error."""

    key: str
    ending: Ending


@dataclass(frozen=True)
class Awaited:
    """Another run has the trial; its result will be used."""

    key: str
    where: str
    """For people: host and attempt."""


Update = Started | Measured | Finished | Failed | Ended | Awaited


class Listener(Protocol):
    """Follows a sweep. Must not raise: watching never stops training."""

    def on_update(self, update: Update) -> None:
        """Called in the order in which each trial sent its updates."""
        ...


class Link(Protocol):
    """A trial's connection to the driver."""

    def tell(self, update: Update) -> None:
        """Passes an update on; never waits."""
        ...

    def wish(self) -> Wish | None:
        """As what the driver wants its trials to end, if it does; None when it cannot be asked."""
        ...
