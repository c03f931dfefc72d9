"""The driver's end of a trial's link, where a test takes its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.trial.updates import Update, Wish


@dataclass
class Driver:
    """See `orchestrator.trial.updates.Link`: remembers what it is told, and wishes what a test sets."""

    told: list[Update] = field(default_factory=list)
    wished: Wish | None = None

    def tell(self, update: Update) -> None:
        self.told.append(update)

    def wish(self) -> Wish | None:
        return self.wished
