"""MLflow that cannot be reached or written, as a mistake of the set-up with one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from experiments.errors import InputError, Problem
from experiments.storage.errors import StorageError
from model.weights.errors import CheckpointError
from orchestrator.redaction import redacted
from orchestrator.settings import Settings
from orchestrator.tracking.patience import what_went_wrong


@contextmanager
def told_in_one_sentence(settings: Settings) -> Iterator[None]:
    """Turns whatever MLflow's client, server or database raises into an `InputError` that names the place."""
    try:
        yield
    except (InputError, StorageError, CheckpointError):
        raise
    except Exception as error:
        where = f"MLflow at {redacted(settings.tracking_uri)}"
        why = f"cannot be written: {what_went_wrong(error)}"
        raise InputError(Problem(where, why, "see that it runs, then try again")) from None
