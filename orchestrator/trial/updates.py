"""What a running trial sends to the driver, what the driver may ask of it, and who listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from experiments.records import Ending, FailureRecord, MetricLine, ResultRecord
from experiments.trial import Trial

StopRequest = Literal["stopped", "preempted"]
"""How an attempt ends that the driver asks to end early."""


@dataclass(frozen=True)
class Started:
    """An attempt began."""

    trial: Trial
    attempt: int
    step: int
    """Where it starts: steps that are in its checkpoint."""

    @property
    def key(self) -> str:
        """The trial key."""
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
    """Another run holds the lease on the trial; its result will be used."""

    key: str
    where: str
    """Host and attempt, for people."""


Update = Started | Measured | Finished | Failed | Ended | Awaited


class Listener(Protocol):
    """Receives the updates of a sweep. Must not raise: an error in it must not stop training."""

    def on_update(self, update: Update) -> None:
        """Called in the order in which each trial sent its updates."""
        ...


class DriverChannel(Protocol):
    """A trial's connection to the driver."""

    def send(self, update: Update) -> None:
        """Sends an update; does not block."""
        ...

    def stop_request(self) -> StopRequest | None:
        """The driver's stop request; None if there is none, or the driver cannot be reached."""
        ...
