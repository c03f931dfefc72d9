"""A real Ray head that wants a token, and the command as its users call it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
MARK = "COMBO_TEST_CLUSTER"
OURS = ("COMBO_", "RAY_", "MLFLOW_", "AWS_", "OMP_")
"""Variables of the caller that would change what a command does."""
START_SECONDS = 60


@dataclass(frozen=True)
class Head:
    """A Ray head of two CPUs that wants a token."""

    address: str
    """URL of its dashboard."""
    token: str
    gcs: str
    """Host and port for RAY_ADDRESS."""
    folder: Path
    """Its temporary files."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which a command uses this cluster."""
        return {"RAY_ADDRESS": self.gcs, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}

    def command(self, *words: object, **environment: str) -> subprocess.Popen[str]:
        """Starts `combo` as a user with nothing but these variables would."""
        caller = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return subprocess.Popen(
            [PROGRAMS / "combo", *map(str, words)],
            env={**caller, "COLUMNS": "200", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def combo(self, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs `combo` to its end, with the token unless the variables say otherwise."""
        process = self.command(*words, **{"RAY_AUTH_TOKEN": self.token, **environment})
        out, err = process.communicate(timeout=240)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def get(self, path: str, token: str | None) -> tuple[int, bytes]:
        """Status and body of the dashboard's answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{self.address}{path}", headers=headers)) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@contextmanager
def running_head() -> Iterator[Head]:
    """A real head in processes of its own; all of them end with the context."""
    port, dashboard, client, agent = free_ports(4)
    mark = uuid.uuid4().hex
    address, token = f"http://127.0.0.1:{dashboard}", uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        token_file = Path(folder, "token")
        token_file.write_text(token)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            "PATH": os.pathsep.join(
                folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != PROGRAMS
            ),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token_file),
            "RAY_API_SERVER_ADDRESS": address,
            "RAY_USAGE_STATS_ENABLED": "0",
            MARK: mark,
        }
        command = [
            *(PROGRAMS / "ray", "start", "--head", "--block", f"--port={port}", "--num-cpus=1", "--num-gpus=0"),
            *("--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}", f"--ray-client-server-port={client}"),
            f"--dashboard-agent-listen-port={agent}",  # by default every head on a machine wants the same one
            *("--node-ip-address=127.0.0.1", f"--object-store-memory={100 * 1024**2}", f"--temp-dir={folder}"),
        ]
        with Path(folder, "head.log").open("w") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        started = Head(address, token, f"127.0.0.1:{port}", Path(folder))
        try:
            _wait_for(started, process, Path(folder, "head.log"))
            yield started
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            end_all(mark)


def _wait_for(head: Head, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(urllib.error.URLError, ConnectionError):
            if head.get("/api/jobs/", head.token)[0] == 200:
                return
        time.sleep(0.2)
    raise AssertionError(log.read_text())


def free_ports(count: int) -> list[int]:
    """Free now, and outside of the range in which Ray's workers listen."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        if not 10002 <= port <= 19999 and port not in found:
            found.append(port)
    return found


def end_all(mark: str) -> None:
    """Kills every process that carries our mark, and no other."""
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and wanted in (folder / "environ").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
