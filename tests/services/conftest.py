from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from model.data.synthetic.writer import write_synthetic
from orchestrator.services.running import read_running
from orchestrator.services.service_folder import ServiceFolder

COMBO = Path(sys.executable).with_name("combo")
OURS = ("COMBO_", "RAY_", "MLFLOW_", "AWS_", "OMP_")
"""Variables of the caller that would change what a command does."""
INNER = 8
"""Ports in a row that the S3 store takes."""


@dataclass(frozen=True)
class Lab:
    """The services of one folder, and the commands of a user whose profiles lie beside it."""

    folder: Path
    ports: tuple[str, ...]

    @property
    def services(self) -> Path:
        """The folder of the services."""
        return self.folder / "services"

    def combo(self, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, as a user with nothing else in the environment."""
        caller = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        places = {"XDG_CONFIG_HOME": str(self.folder / "config"), "COMBO_CACHE": str(self.folder / "cache")}
        extra = {"COMBO_SERVICES": str(self.services), "COLUMNS": "200", "RAY_OVERRIDE_RESOURCES": '{"CPU": 2}'}
        return subprocess.run(
            [COMBO, *map(str, words)],
            env={**caller, **places, **extra, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def up(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Brings the services up on their ports."""
        return self.combo("up", "--name", "lab", *self.ports, *words)

    def up_with_ray(self) -> subprocess.CompletedProcess[str]:
        """Brings the services and a Ray head up."""
        return self.up("--ray", "--ray-port", _free_row(1), "--jobs-port", _free_row(1))

    def processes(self) -> list[psutil.Process]:
        """The processes on record that live."""
        found = [process.find() for process in read_running(ServiceFolder(self.services)).values()]
        return [process for process in found if process is not None]

    def cut_the_power(self) -> None:
        """Kills everything at once, so that no file is put in order."""
        family = [each for process in self.processes() for each in (process, *process.children(recursive=True))]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the user of Postgres can enter, as those of pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def lab(place: Path) -> Iterator[Lab]:
    """Services that were never started."""
    made = Lab(place, port_options())
    yield made
    made.combo("down", "--name", "lab")


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Lab, subprocess.CompletedProcess[str]]]:
    """Services that are up, and what `combo up` said; not to be stopped."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        write_synthetic("s4", Path(folder, "data"), clips=20, seed=0, size=32)
        made = Lab(Path(folder), port_options())
        yield made, made.up("--data", Path(folder, "data"))
        made.combo("down", "--name", "lab")


def port_options() -> tuple[str, ...]:
    """Free ports, as options of `combo up`."""
    mlflow, postgres = _free_row(1), _free_row(1)
    return ("--mlflow-port", str(mlflow), "--postgres-port", str(postgres), "--s3-port", str(_free_row(INNER)))


def _free_row(count: int) -> int:
    """The first of so many ports in a row that are free now."""
    while True:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            first: int = free.getsockname()[1]
        if first + count < 65_000 and all(_is_free(port) for port in range(first, first + count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False
