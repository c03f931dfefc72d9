"""A trial inside a configuration of Ray Tune."""

from __future__ import annotations

from typing import Any

from experiments.trial import Trial


class CarriedTrial(str):
    """A trial as Ray Tune takes it: a string, its key, which brings the whole trial along.

    Tune copies a configuration several times for each trial, and keeps it as JSON until the sweep ends: a key is short
    there, while a trial would be a pickle of some kilobytes. Between processes the trial travels along.
    """

    trial: Trial

    def __new__(cls, trial: Trial) -> CarriedTrial:
        """Key of a trial."""
        made = super().__new__(cls, trial.key)
        made.trial = trial
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> CarriedTrial:
        return self  # nothing of it changes

    def __reduce__(self) -> tuple[type[CarriedTrial], tuple[Trial]]:
        return CarriedTrial, (self.trial,)
