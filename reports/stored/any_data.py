"""Keys of trials that ignore the data, both theirs and that of the trials they start from."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.identity import trial_key
from model.config import TrialConfig

ANY_DATA = "any"


def key_on_any_data(config: TrialConfig) -> str:
    """The trial key of a configuration without its data and without the trial that it starts from."""
    data = config.data.model_copy(update={"fingerprint": ANY_DATA})
    return trial_key(config.model_copy(update={"data": data, "initial_trial": None}))


def lineage(keys: Iterable[str]) -> str:
    """One name for a trial and those it starts from.

    Args:
        keys: on any data, of the trial first, then of the one that it starts from, and so on. The last may be a trial
            key where nothing more is known of that trial.
    """
    return " from ".join(keys)
