"""Does MLflow answer, and does it take what is logged?"""

from __future__ import annotations

import os

from experiments.papers import papers_here
from orchestrator.doctor.finding import Finding, fail, ok
from orchestrator.redaction import redacted
from orchestrator.settings import Settings
from orchestrator.sqlite_url import sqlite_file
from orchestrator.tracking.connection import quiet_mlflow
from orchestrator.tracking.deleted_experiments import refuse_deleted
from orchestrator.tracking.failures import explain
from orchestrator.tracking.server_version import OLDEST_SERVER, server_version

STILL_TRAINS = "combo sync catches up later"
ALWAYS_THERE = "Default"
"""An experiment that MLflow makes itself, so that its database refuses another one of this name.

A write to a run that does not exist leaves nothing either, but an MLflow with users denies that to all but its
administrator, while everybody may make experiments.
"""


def look_at_mlflow(settings: Settings) -> Finding:
    """Looks for our experiments, and asks for one that is there already: it is written, and leaves nothing behind.

    Args:
        settings: where MLflow is, and what experiments are called there.
    """
    where = redacted(settings.tracking_uri)
    file = sqlite_file(settings.tracking_uri)
    if file is not None:
        if not file.exists():
            return ok(f"embedded; {file} is made by the first run")
        if not os.access(file, os.W_OK):
            return fail(f"{file} cannot be written", f"make it writable for this user; {STILL_TRAINS}")
    version = server_version(settings.tracking_uri)
    if version is not None and version < OLDEST_SERVER:
        return fail(f"{where} is too old: its version is {version}", f"it must be {OLDEST_SERVER} or newer")
    try:
        _try(settings)
    except Exception as error:  # MLflow raises whatever its client, server or database raises
        problem = explain(error, settings)
        return fail(f"{where} {problem.what}", f"{problem.remedy}; {STILL_TRAINS}")
    return ok(f"{where} answers and takes writes" + (f"; MLflow {version}" if version else ""))


def _try(settings: Settings) -> None:
    quiet_mlflow()
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=settings.tracking_uri)
    of_papers = [paper.name for paper in papers_here()]
    for name in [settings.mlflow_experiment] if settings.mlflow_experiment else of_papers:
        if (experiment := client.get_experiment_by_name(name)) is not None:
            refuse_deleted(experiment)
    try:
        client.create_experiment(ALWAYS_THERE)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
