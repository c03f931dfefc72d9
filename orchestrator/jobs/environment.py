"""Environment variables that a job gets from this machine; the cluster's dashboard shows them to everyone."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from experiments.errors import InputError, Problem
from orchestrator.redaction import carries_credentials
from orchestrator.sweep.cluster import ENVIRONMENT

TRAVELLING = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_S3_ENDPOINT_URL",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
)
"""Addresses that the driver and its workers need."""
NAMES = ("MLFLOW_EXPERIMENT_NAME", "AWS_DEFAULT_REGION", "AWS_REGION")
"""Further settings of theirs. Nothing else travels: credentials are the business of the nodes."""
ON_THE_NODES = "on Kubernetes from a secret"


def job_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables of a job: addresses and settings of this environment, and settings of Ray.

    Args:
        environ: the variables of this process.

    Raises:
        InputError: an address carries credentials, or means nothing on another machine; all problems at once.
    """
    named = {name: environ[name] for name in TRAVELLING if environ.get(name)}
    problems = [problem for name, value in named.items() if (problem := _problem(name, value))]
    if problems:
        raise InputError(*problems)
    return {**ENVIRONMENT, **named, **{name: environ[name] for name in NAMES if environ.get(name)}}


def _problem(name: str, value: str) -> Problem | None:
    if carries_credentials(value):
        remedy = f"unset it here and set it on the cluster's nodes, {ON_THE_NODES}"
        return Problem(name, "carries credentials, which the cluster's dashboard would show", remedy)
    if _is_file_here(value):
        return Problem(name, "names a file of this machine", "name a server, or unset it")
    return None


def _is_file_here(value: str) -> bool:
    """Three slashes begin a path below the working folder, another one on the cluster; four an absolute path."""
    scheme = urlsplit(value).scheme
    if not scheme or scheme == "file":
        return True
    return scheme.partition("+")[0] == "sqlite" and not value.partition(":")[2].startswith("////")
