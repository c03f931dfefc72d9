"""Turns exceptions of MLflow's client, server or database into one sentence with a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from experiments.errors import InputError, Problem
from model.weights.errors import CheckpointError
from orchestrator.redaction import redacted
from orchestrator.settings import Settings
from orchestrator.storage.errors import OUT_OF_SPACE, StorageError
from orchestrator.tracking.deleted_experiments import DeletedExperimentError
from orchestrator.tracking.retry_policy import what_went_wrong
from orchestrator.tracking.server_version import OLDEST_SERVER, server_version

ANOTHER_NAME = "name another one with MLFLOW_EXPERIMENT_NAME"
FULL = re.compile("No space left on device|database or disk is full|Disk quota exceeded")
UNWRITABLE = re.compile("readonly database|read-only|unable to open database file|Permission denied", re.IGNORECASE)
DAMAGED = re.compile("is not a database|disk image is malformed")
UNREACHABLE = re.compile("failed with exception|Max retries exceeded|could not connect|Connection refused|timed out")
PAGE = re.compile("<!doctype html|<html|not in a valid JSON format", re.IGNORECASE)
REASON = re.compile(r"\[Errno -?\d+\] ([\w ,]+)|(Read timed out|Connection refused|Name or service not known)")
REFUSED = ("PERMISSION_DENIED", "UNAUTHENTICATED")
"""MLflow's codes for "this user may not" and "who are you?"."""


@contextmanager
def told_in_one_sentence(settings: Settings) -> Iterator[None]:
    """Turns exceptions of MLflow into an `InputError` that names its address."""
    try:
        yield
    except (InputError, StorageError, CheckpointError):
        raise
    except Exception as error:
        raise InputError(explain(error, settings)) from None


def explain(error: Exception, settings: Settings) -> Problem:
    """What an error of MLflow means, and what to do about it.

    Args:
        error: as it was raised.
        settings: MLflow's address.
    """
    what, remedy = _diagnosis(error, settings)
    return Problem(f"MLflow at {redacted(settings.tracking_uri)}", what, remedy)


def _diagnosis(error: Exception, settings: Settings) -> tuple[str, str]:
    said, code = str(error), getattr(error, "error_code", "")
    if isinstance(error, DeletedExperimentError):
        return said, f"restore it (mlflow experiments restore --experiment-id {error.id}), or {ANOTHER_NAME}"
    if "must be in the 'active' state" in said:
        return "its experiment was deleted there", f"restore it on MLflow's pages, or {ANOTHER_NAME}"
    if FULL.search(said) or getattr(error, "errno", None) in OUT_OF_SPACE:
        return "its disk is full", "free space there"
    if "Host header" in said:
        return "does not answer to this name", "allow it there with --allowed-hosts"
    if code in REFUSED:
        return "refuses this user", f"set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or {ANOTHER_NAME}"
    if PAGE.search(said):
        return _page(settings)
    if UNWRITABLE.search(said):
        return "cannot be written by this user", "make its files and their folder writable, or name another MLflow"
    if DAMAGED.search(said):
        return "its database is damaged", "move the file away, then `combo sync` makes it again"
    if UNREACHABLE.search(said) or isinstance(error, ConnectionError | TimeoutError):
        found = REASON.search(said)
        reason = f": {(found[1] or found[2]).strip()}" if found else ""
        return f"cannot be reached{reason}", "see that it runs, and check MLFLOW_TRACKING_URI"
    return f"cannot be used: {what_went_wrong(error)}", "see its log"


def _page(settings: Settings) -> tuple[str, str]:
    version = server_version(settings.tracking_uri)
    if version is None:
        return "answers with a web page, as no MLflow does", "check MLFLOW_TRACKING_URI"
    if version < OLDEST_SERVER:
        return f"is too old: its version is {version}", f"it must be {OLDEST_SERVER} or newer"
    return f"does not know what it is asked for, in version {version}", "update the server"
