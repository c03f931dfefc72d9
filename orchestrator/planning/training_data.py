"""Whether the data at hand are those that a trial was trained on."""

from __future__ import annotations

from pathlib import Path

from experiments.errors import InputError, Problem
from model.config import TrialConfig
from model.data.fingerprint import trial_fingerprint


def refuse_other_data(key: str, config: TrialConfig, data: Path) -> None:
    """Refuses other data than a trial's own.

    Args:
        key: of the trial.
        config: of the trial, with the fingerprint of its data.
        data: data folder.

    Raises:
        DataError: the data folder cannot be used.
        InputError: it holds other data.
    """
    if trial_fingerprint(data, config) != config.data.fingerprint:
        what = f"was trained on other data than {data} holds"
        raise InputError(Problem(f"trial {key}", what, "name its data folder with --data"))
