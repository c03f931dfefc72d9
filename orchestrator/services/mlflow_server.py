"""MLflow's server: runs and users in Postgres, artifacts in the S3 store, a password, and a list of its own names."""

from __future__ import annotations

import base64
import socket
import sys
import urllib.request

import psutil

from orchestrator.services import object_store
from orchestrator.services.postgres import RUNS, USERS, database_url, password_file
from orchestrator.services.service import Launch, Service
from orchestrator.services.service_folder import ServiceFolder
from orchestrator.services.service_settings import EVERYWHERE, ServiceSettings
from orchestrator.tracking.server import ADMIN, users_file

NAME, PASSWORD, SIGNING_KEY = "mlflow", "mlflow-admin-password", "mlflow-signing-key"
ASKED = "/api/2.0/mlflow/experiments/search?max_results=1"
"""Needs a user, and the database."""
ANSWER_SECONDS = 5.0


def mlflow_server(folder: ServiceFolder, settings: ServiceSettings) -> Service:
    """The service."""
    return Service(
        name=NAME,
        ports=(settings.mlflow_port,),
        port_option="--mlflow-port",
        host=settings.host,
        prepare=lambda: _prepare(folder, settings),
        is_up=lambda: _answers(folder, settings),
        address=settings.mlflow_address,
        stop_seconds=5.0,
    )


def _prepare(folder: ServiceFolder, settings: ServiceSettings) -> Launch:
    users = users_file(folder.path, database_url(settings, USERS))
    command = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth", "--workers", "1"]
    command += ["--host", settings.host, "--port", str(settings.mlflow_port)]
    names = _own_names(settings.host)
    command += ["--allowed-hosts", ",".join(f"{name}:*" for name in names)]
    # A browser names the server in what its own pages ask; also behind a proxy that speaks TLS.
    origins = [origin for name in names for origin in (f"http://{name}:{settings.mlflow_port}", f"https://{name}")]
    command += ["--cors-allowed-origins", ",".join(origins)]
    command += ["--backend-store-uri", database_url(settings, RUNS)]
    command += ["--artifacts-destination", f"s3://{object_store.ARTIFACTS}/artifacts"]
    environment = {
        **object_store.client_environment(folder, settings, object_store.ARTIFACTS),
        "PGPASSFILE": str(password_file(folder, settings)),
        "MLFLOW_AUTH_CONFIG_PATH": str(users),
        "MLFLOW_AUTH_ADMIN_PASSWORD": folder.secret(PASSWORD),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": folder.secret(SIGNING_KEY),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # seven idle processes of 230 MB each
    }
    return Launch(command, environment)


def _own_names(host: str) -> list[str]:
    """What requests may call the server: a page of another site that reaches it by a name of its own is refused."""
    names = ["localhost", "127.0.0.1", host]
    if host in EVERYWHERE:
        addresses = [address.address for found in psutil.net_if_addrs().values() for address in found]
        names += [
            socket.gethostname(),
            socket.getfqdn(),
            *(address for address in addresses if address.count(".") == 3),
        ]
    return list(dict.fromkeys(names))


def _answers(folder: ServiceFolder, settings: ServiceSettings) -> bool:
    credentials = base64.b64encode(f"{ADMIN}:{folder.secret(PASSWORD)}".encode()).decode()
    request = urllib.request.Request(
        f"{settings.mlflow_address}{ASKED}", headers={"Authorization": f"Basic {credentials}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
