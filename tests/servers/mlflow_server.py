"""A real MLflow server on loopback, started as users start one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests


@contextmanager
def mlflow_server(
    folder: Path,
    backend: str | None = None,
    artifacts: str | None = None,
    options: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Starts a server on a free port, gives its address, and ends it with the context.

    Args:
        folder: for its log, its database and its artifacts, if they are nowhere else.
        backend: URI of the database.
        artifacts: where the server puts artifacts; clients know only the server.
        options: further ones of `mlflow server`.
        environment: variables on top of this process's.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", backend or f"sqlite:///{folder / 'server.db'}"]
    command += ["--artifacts-destination", artifacts or str(folder / "artifacts"), *options]
    caller = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    lean = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    everything = {**caller, **lean, **(environment or {})}
    log = folder / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=everything, stdout=out, stderr=out, cwd=folder, start_new_session=True)
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            if requests.get(address, timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise TimeoutError(log.read_text())
