"""Begins a trial anew and keeps what came of it: everything that its attempts left moves below `earlier/`."""

from __future__ import annotations

from experiments.records import (
    CHECKPOINTS_DIR,
    CODE_DIR,
    EARLIER_DIR,
    FAILURE_FILE,
    LOGS_DIR,
    METRICS_DIR,
    PICTURES_DIR,
    PREDICTIONS_DIR,
    PREVIEWS_DIR,
    QUARANTINE_FILE,
    RESULT_FILE,
    SCORES_FILE,
)
from experiments.reproduction_record import REPRODUCTIONS_DIR
from orchestrator.store.trial_folder import TrialFolder

OUTCOME = (
    *(RESULT_FILE, REPRODUCTIONS_DIR, CHECKPOINTS_DIR, METRICS_DIR, LOGS_DIR, CODE_DIR, PICTURES_DIR, PREDICTIONS_DIR),
    *(PREVIEWS_DIR, SCORES_FILE, QUARANTINE_FILE, FAILURE_FILE),
)
"""The result goes first, as it came last: at no moment does it stand beside less than it names."""


def set_aside(trial: TrialFolder) -> None:
    """Moves everything that attempts left to `earlier/<last attempt>`; the next call completes an interrupted move.

    The records of the attempts stay: their numbers are leases, which cannot be acquired again.
    """
    target = f"{trial.name}/{EARLIER_DIR}/{trial.attempts}"
    for part in OUTCOME:
        trial.storage.move(f"{trial.name}/{part}", f"{target}/{part}")
