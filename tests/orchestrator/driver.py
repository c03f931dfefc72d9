"""The driver's end of a trial's channel, where a test takes its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.trial.updates import StopRequest, Update


@dataclass
class Driver:
    """See `orchestrator.trial.updates.DriverChannel`: remembers what is sent, and requests what a test sets."""

    told: list[Update] = field(default_factory=list)
    requested: StopRequest | None = None

    def send(self, update: Update) -> None:
        self.told.append(update)

    def stop_request(self) -> StopRequest | None:
        return self.requested
