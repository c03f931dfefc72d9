"""A Ray head that wants a token; jobs on it find the S3 store and MLflow by the variables that it starts with."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import tempfile
import urllib.request
from pathlib import Path

from experiments.errors import InputError, Problem
from orchestrator.services import mlflow_server, object_store
from orchestrator.services.service import Launch, Service
from orchestrator.services.service_folder import ServiceFolder
from orchestrator.services.service_settings import LOOPBACK, ServiceSettings
from orchestrator.sweep.authentication import MODE, TOKEN_FILE
from orchestrator.sweep.cluster import ENVIRONMENT, ONE_MACHINE_VARIABLE
from orchestrator.tracking.server import ADMIN, is_loopback

NAME, TOKEN = "ray", "ray-token"
WORKERS_PORTS = range(10002, 20000)
"""In which Ray's workers listen."""
ASKED = "/api/v0/nodes"
ANSWER_SECONDS = 5.0


def ray_head(folder: ServiceFolder, settings: ServiceSettings) -> Service:
    """The service."""
    return Service(
        name=NAME,
        ports=(settings.jobs_port, settings.ray_port),
        port_option="--jobs-port and --ray-port",
        host=settings.host,
        prepare=lambda: _prepare(folder, settings),
        is_up=lambda: _answers(folder, settings),
        address=settings.jobs_address,
        stop_seconds=15.0,
    )


def token_file(folder: ServiceFolder) -> Path:
    """File of the token."""
    folder.secret(TOKEN)
    return folder.secret_file(TOKEN)


def _prepare(folder: ServiceFolder, settings: ServiceSettings) -> Launch:
    client, agent = _free_port(), _free_port()
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", f"--port={settings.ray_port}"]
    command += [f"--dashboard-host={settings.host}", f"--dashboard-port={settings.jobs_port}"]
    command += [f"--ray-client-server-port={client}", f"--dashboard-agent-listen-port={agent}"]
    command += [f"--node-ip-address={socket.gethostbyname(settings.reached_at)}", f"--temp-dir={_short_folder(folder)}"]
    environment = {
        **ENVIRONMENT,
        **object_store.client_environment(folder, settings, object_store.TRIALS),
        "MLFLOW_TRACKING_URI": settings.mlflow_address,
        "MLFLOW_TRACKING_USERNAME": ADMIN,
        "MLFLOW_TRACKING_PASSWORD": folder.secret(mlflow_server.PASSWORD),
        MODE: "token",
        TOKEN_FILE: str(token_file(folder)),
        "RAY_API_SERVER_ADDRESS": f"http://{LOOPBACK}:{settings.jobs_port}",
    }
    if is_loopback(settings.host):
        environment[ONE_MACHINE_VARIABLE] = "0"
    return Launch(command, environment)


def _short_folder(folder: ServiceFolder) -> Path:
    """A folder for Ray's sockets, whose paths may have 107 characters, that nobody else can enter.

    Raises:
        InputError: it is somebody else's.
    """
    digest = hashlib.sha256(str(folder.path).encode()).hexdigest()[:8]
    place = Path(tempfile.gettempdir()) / f"combo-ray-{os.getuid()}-{digest}"
    place.mkdir(mode=0o700, exist_ok=True)
    if place.is_symlink() or place.stat().st_uid != os.getuid():
        raise InputError(Problem(str(place), "belongs to somebody else", "delete it"))
    place.chmod(0o700)
    return place


def _free_port() -> int:
    """A port that is free now, and outside of the range of Ray's workers."""
    while True:
        with socket.socket() as free:
            free.bind((LOOPBACK, 0))
            port: int = free.getsockname()[1]
        if port not in WORKERS_PORTS:
            return port


def _answers(folder: ServiceFolder, settings: ServiceSettings) -> bool:
    """Whether the head has a living node: its dashboard answers before, and may do so in vain."""
    request = urllib.request.Request(
        f"{settings.jobs_address}{ASKED}", headers={"Authorization": f"Bearer {folder.secret(TOKEN)}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return "ALIVE" in answer.read().decode(errors="replace")
    except OSError:
        return False
