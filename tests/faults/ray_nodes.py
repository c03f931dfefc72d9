"""A real Ray cluster of several nodes on this machine, any of which can be lost."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.ray_head import MARK, OURS, PROGRAMS, START_SECONDS, end_all, free_ports

OBJECT_STORE_BYTES = 100 * 1024**2


@dataclass
class Nodes:
    """A head without CPUs, and nodes with one each.

    Attributes:
        address: of the head, for RAY_ADDRESS.
        token: that it wants.
        folder: for Ray's files.
    """

    address: str
    token: str
    folder: Path
    marks: list[str] = field(default_factory=list)
    """One for each node, the head's first; its processes carry it."""

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to join."""
        return {"RAY_ADDRESS": self.address, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}

    def start(self, *words: object) -> None:
        """Starts one node and waits until it is part of the cluster."""
        mark = uuid.uuid4().hex
        caller = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        environment = {**caller, **self.environment, "RAY_USAGE_STATS_ENABLED": "0", MARK: mark}
        del environment["RAY_ADDRESS"]
        self.marks.append(mark)
        agent, log = free_ports(1)[0], self.folder / f"{mark}.log"
        command = [
            *(PROGRAMS / "ray", "start", "--block", "--num-gpus=0", "--node-ip-address=127.0.0.1"),
            *(f"--object-store-memory={OBJECT_STORE_BYTES}", f"--dashboard-agent-listen-port={agent}"),
            *map(str, words),
        ]
        with log.open("w") as file:
            process = subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)
        end = time.monotonic() + START_SECONDS
        while "--block" not in log.read_text():  # Ray says last that it was told to block
            assert time.monotonic() < end, log.read_text()
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)

    def node_of(self, pid: int) -> str:
        """The mark of the node that a process belongs to."""
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        return next(mark for mark in self.marks if f"{MARK}={mark}".encode() in environment)

    def process_writing(self, path: Path) -> int:
        """Id of the process of the cluster that has a file open."""
        for folder in Path("/proc").iterdir():
            with suppress(OSError):
                if folder.name.isdigit() and any(link.readlink() == path for link in (folder / "fd").iterdir()):
                    return int(folder.name)
        raise AssertionError(f"nobody writes {path}")

    def lose(self, node: str) -> None:
        """As when the plug of a machine is pulled: all its processes are gone at once."""
        end_all(node)
        self.marks.remove(node)


@contextmanager
def running_nodes(count: int) -> Iterator[Nodes]:
    """A cluster whose processes all end with the context."""
    port, dashboard, client = free_ports(3)
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        nodes = Nodes(f"127.0.0.1:{port}", uuid.uuid4().hex, Path(folder))
        try:
            nodes.start(
                *("--head", "--num-cpus=0", f"--port={port}", f"--dashboard-port={dashboard}"),
                *(f"--ray-client-server-port={client}", "--dashboard-host=127.0.0.1", f"--temp-dir={folder}"),
            )
            for _ in range(count):
                nodes.start(f"--address={nodes.address}", "--num-cpus=1")
            yield nodes
        finally:
            for mark in [*nodes.marks]:
                nodes.lose(mark)
