"""Checks that the documents of a trial directory belong together."""

from __future__ import annotations

from experiments.identity import trial_key
from experiments.records import ResultRecord, TrialRecord


def misplaced(trial: TrialRecord, name: str) -> str | None:
    """Why a trial's identity does not fit the name of its folder; None if it fits.

    Args:
        trial: the identity.
        name: of the folder.
    """
    if trial.key != name:
        return f"is of trial {trial.key}, but lies in the folder of {name}"
    key = trial_key(trial.config)
    return None if key == name else f"its configuration has the key {key}"


def disagreement(trial: TrialRecord, result: ResultRecord) -> str | None:
    """Where a result contradicts the identity of its trial; None if it does not."""
    if result.key != trial.key:
        return f"is of trial {result.key}, but lies in the folder of {trial.key}"
    trained, steps = trial.config.data.fingerprint, trial.config.training.iterations
    if trained and result.provenance.data_fingerprint != trained:
        return (
            f"provenance.data_fingerprint is {result.provenance.data_fingerprint}, but the trial's data are {trained}"
        )
    if result.best_step > steps:
        return f"best_step is {result.best_step}, but the trial has {steps} steps"
    return None
