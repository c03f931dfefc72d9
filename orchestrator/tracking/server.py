"""MLflow's own pages on the embedded store. Beyond this machine they are open to nobody without a password."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from experiments.atomic_write import write_atomic
from experiments.errors import InputError, Problem
from orchestrator.settings import Settings
from orchestrator.sqlite_url import sqlite_url
from orchestrator.tracking.artifact_locations import keep_artifacts_beside
from orchestrator.tracking.connection import quiet_mlflow
from orchestrator.tracking.failures import told_in_one_sentence

SECRETS = ("MLFLOW_FLASK_SERVER_SECRET_KEY", "MLFLOW_AUTH_ADMIN_PASSWORD")
"""What MLflow's password check needs: a key that signs its forms, and the password of the user `admin`."""
ADMIN = "admin"
"""MLflow's first user."""
USERS_FILE = "mlflow-users.ini"
USERS_DATABASE = "mlflow-users.db"


def refuse_open_host(host: str, environment: Mapping[str, str]) -> None:
    """Refuses an address that others can reach as long as nothing asks them for a password.

    Raises:
        InputError: variables are missing without which MLflow cannot ask for one.
    """
    missing = [name for name in SECRETS if not environment.get(name)]
    if missing and not is_loopback(host):
        reason = "would let everyone who reaches this machine read, change and delete the runs"
        remedy = f"set {' and '.join(missing)} to secrets of yours, then MLflow asks for user and password"
        raise InputError(Problem(f"--host {host}", reason, remedy))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def serve(settings: Settings, host: str, port: int) -> None:
    """Replaces this process by MLflow's server on the embedded store.

    Args:
        settings: MLflow's address and storage.
        host: to listen on; beyond loopback MLflow asks for user and password.
        port: to listen on.
    """
    quiet_mlflow()
    settings.artifacts.mkdir(parents=True, exist_ok=True)
    with told_in_one_sentence(settings):
        keep_artifacts_beside(settings)
    # Jobs of generative models: seven idle processes of 230 MB each.
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", settings.tracking_uri]
    command += ["--default-artifact-root", settings.artifacts.resolve().as_uri(), "--no-serve-artifacts"]
    command += ["--host", host, "--port", str(port), "--workers", "1"]
    if not is_loopback(host):
        os.environ["MLFLOW_AUTH_CONFIG_PATH"] = str(
            users_file(settings.storage.root, sqlite_url(settings.storage.root / USERS_DATABASE))
        )
        command += ["--app-name", "basic-auth"]
    os.execv(sys.executable, command)


def users_file(folder: Path, database: str) -> Path:
    """MLflow keeps its users in the working folder unless a file says where; this one says so.

    Args:
        folder: for the file.
        database: address of the database of users.
    """
    escaped = database.replace("%", "%%")  # as files of this form want it
    return write_atomic(
        folder / USERS_FILE,
        "[mlflow]\n"
        "default_permission = READ\n"
        f"database_uri = {escaped}\n"
        f"admin_username = {ADMIN}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n",
    )
