"""Does MLflow answer, and does it take what is logged?"""

from __future__ import annotations

import os
import urllib.request
import uuid

from orchestrator.doctor.finding import Finding, fail, ok
from orchestrator.redaction import redacted
from orchestrator.sqlite_url import sqlite_file
from orchestrator.tracking.connection import quiet_mlflow

STILL_TRAINS = "combo sync catches up later"


def look_at_mlflow(tracking_uri: str) -> Finding:
    """Reads one experiment and writes to a run that does not exist, which leaves nothing behind.

    Args:
        tracking_uri: of the settings.
    """
    file = sqlite_file(tracking_uri)
    if file is not None:
        if not file.exists():
            return ok(f"embedded; {file} is made by the first run")
        if not os.access(file, os.W_OK):
            return fail(f"{file} cannot be written", f"make it writable for this user; {STILL_TRAINS}")
    quiet_mlflow()
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    where, client = redacted(tracking_uri), MlflowClient(tracking_uri=tracking_uri)
    try:
        client.search_experiments(max_results=1)
    except MlflowException as error:
        cure = f"check MLFLOW_TRACKING_URI, the server, and MLFLOW_TRACKING_USERNAME and _PASSWORD; {STILL_TRAINS}"
        return fail(f"{where} does not answer: {_first_line(error)}", cure)
    try:
        client.set_tag(uuid.uuid4().hex, "combo.doctor", "")
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            return fail(f"{where} takes no writes: {_first_line(error)}", f"ask for write access; {STILL_TRAINS}")
    return ok(f"{where} answers and takes writes" + _server_version(tracking_uri))


def _server_version(tracking_uri: str) -> str:
    if not tracking_uri.startswith("http"):
        return ""
    try:
        with urllib.request.urlopen(f"{tracking_uri.rstrip('/')}/version", timeout=5) as answer:
            return f"; MLflow {answer.read().decode()[:20]}"
    except (OSError, ValueError):
        return ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]
