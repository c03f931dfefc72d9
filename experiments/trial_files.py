"""Where the files of a trial lie in its directory, and how its attempts count; see `records` for what they hold."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from experiments.records import (
    ATTEMPT_NAME,
    ATTEMPTS_DIR,
    CHECKPOINTS_DIR,
    FAILURE_FILE,
    LOG_NAME,
    LOGS_DIR,
    METRICS_DIR,
    METRICS_NAME,
    PREVIEWS_DIR,
    PREVIEWS_NAME,
    QUARANTINE_FILE,
    RESULT_FILE,
    SCORES_FILE,
    TRIAL_FILE,
    MetricLine,
)
from experiments.reproduction_record import REPRODUCTION_NAME, REPRODUCTIONS_DIR
from model.numbered_names import NumberedName

Measured = TypeVar("Measured")


class TrialFiles:
    """The files of one trial, whether or not they exist.

    Args:
        path: of the trial directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def identity_file(self) -> Path:
        """Holds the `TrialRecord`."""
        return self.path / TRIAL_FILE

    @property
    def result_file(self) -> Path:
        """Holds the `ResultRecord`."""
        return self.path / RESULT_FILE

    @property
    def failure_file(self) -> Path:
        """Holds the `FailureRecord` of the last attempt."""
        return self.path / FAILURE_FILE

    @property
    def scores_file(self) -> Path:
        """Holds the per-clip scores of the test split."""
        return self.path / SCORES_FILE

    @property
    def quarantine_file(self) -> Path:
        """Holds a `QuarantineLine` for each clip that could not be used."""
        return self.path / QUARANTINE_FILE

    @property
    def checkpoints(self) -> Path:
        """Folder of training states and best weights."""
        return self.path / CHECKPOINTS_DIR

    def attempt_file(self, attempt: int) -> Path:
        """Holds the `AttemptRecord`."""
        return self.path / ATTEMPTS_DIR / ATTEMPT_NAME.of(attempt)

    def metrics_file(self, attempt: int) -> Path:
        """Where an attempt writes its `MetricLine`s."""
        return self.path / METRICS_DIR / METRICS_NAME.of(attempt)

    def previews_file(self, attempt: int) -> Path:
        """Where an attempt keeps its previews."""
        return self.path / PREVIEWS_DIR / PREVIEWS_NAME.of(attempt)

    def log_file(self, attempt: int) -> Path:
        """File to which an attempt's process writes its log."""
        return self.path / LOGS_DIR / LOG_NAME.of(attempt)

    @property
    def attempt_numbers(self) -> list[int]:
        """Numbers of all attempts with a record, ascending."""
        return self.numbers(ATTEMPTS_DIR, ATTEMPT_NAME)

    @property
    def metrics_files(self) -> list[Path]:
        """Those that exist, in the order of the attempts."""
        return [self.metrics_file(number) for number in self.numbers(METRICS_DIR, METRICS_NAME)]

    @property
    def newest_previews_file(self) -> Path | None:
        """Previews of the newest attempt that has any."""
        numbers = self.numbers(PREVIEWS_DIR, PREVIEWS_NAME)
        return self.previews_file(numbers[-1]) if numbers else None

    @property
    def attempts(self) -> int:
        """Number of the newest attempt, which has a record or has measured something; 0 if there is none."""
        return max([*self.attempt_numbers, *self.numbers(METRICS_DIR, METRICS_NAME)], default=0)

    @property
    def newest_attempt_file(self) -> Path | None:
        """Record of the newest attempt; None if that attempt has none."""
        newest = self.attempts
        return self.attempt_file(newest) if newest in self.attempt_numbers else None

    @property
    def reproduction_files(self) -> list[Path]:
        """Those that exist, in the order in which the trial was trained again; each holds a `ReproductionRecord`."""
        numbers = self.numbers(REPRODUCTIONS_DIR, REPRODUCTION_NAME)
        return [self.path / REPRODUCTIONS_DIR / REPRODUCTION_NAME.of(number) for number in numbers]

    def numbers(self, folder: str, form: NumberedName) -> list[int]:
        """Numbers in the names of a folder's files, ascending; empty if this user may not list the folder."""
        place = self.path / folder
        return form.numbers(names_in(place), "/".join(place.parts[-3:]))


def names_in(folder: Path) -> list[str]:
    """Names of what lies in a folder; none if it is not there or cannot be read."""
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return []


def before_attempt(measured: Mapping[int, Measured], lines: Sequence[MetricLine]) -> dict[int, Measured]:
    """What still counts of earlier attempts once a later one has begun.

    An attempt that resumes repeats the steps since its checkpoint, so what was measured from its first step on is
    replaced, even where the later attempt has not come yet.

    Args:
        measured: by step, in earlier attempts.
        lines: of the later attempt.
    """
    trained = [line.step for line in lines if line.kind != "system"]
    return {step: value for step, value in measured.items() if not trained or step < min(trained)}
