"""Hosts on one machine: namespaces for processes, names and network, with a switch between them.

Each host has an address of its own on a virtual Ethernet card, and its loopback is its own. All of it is gone when the
processes that hold it end; nothing of this machine's own network is touched.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.orchestrator.combo_command import wait_until

NAMESPACES = ("--net", "--uts", "--pid", "--mount")
PREFIX = "10.77.0"


@dataclass(frozen=True)
class Host:
    """A host: what the processes below its first one see.

    Attributes:
        name: that it calls itself.
        address: on the network.
        holder: the process outside that holds it; its only child is the first process inside.
    """

    name: str
    address: str
    holder: subprocess.Popen[bytes]

    @property
    def first(self) -> int:
        """Id of its first process, as seen from outside."""
        return int(Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text())

    def command(self, *words: object) -> list[str]:
        """A command line that runs a command there."""
        return ["nsenter", f"--target={self.first}", *NAMESPACES, "--", *map(str, words)]

    def run(self, *words: object, environment: Mapping[str, str] | None = None) -> str:
        """Runs a command there to its end; returns what it printed."""
        done = subprocess.run(self.command(*words), env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def lose(self) -> None:
        """As when its plug is pulled: the kernel ends all processes of a namespace with the first one."""
        self.holder.kill()
        self.holder.wait()


@dataclass(frozen=True)
class Network:
    """Hosts that a switch connects."""

    switch: Host
    hosts: Mapping[str, Host]

    def cut(self, name: str) -> None:
        """Pulls a host's cable out of the switch."""
        self.switch.run("ip", "link", "set", name, "down")

    def mend(self, name: str) -> None:
        """Puts it back."""
        self.switch.run("ip", "link", "set", name, "up")


def refusal() -> str:
    """Why no such network can be made here; empty if it can."""
    try:
        with tempfile.TemporaryDirectory() as folder, network(Path(folder), "probe"):
            return ""
    except (AssertionError, OSError, subprocess.CalledProcessError) as error:
        return f"no network namespaces with virtual Ethernet here: {error}"


@contextmanager
def network(folder: Path, *names: str) -> Iterator[Network]:
    """A switch and a host for each name, of at most 15 letters; everything ends with the context.

    Args:
        folder: for the hosts' own /etc/hosts.
        names: of the hosts; the first one has the address 10.77.0.1.
    """
    addresses = {name: f"{PREFIX}.{number}" for number, name in enumerate(names, start=1)}
    known = folder / "hosts"
    known.write_text(
        "".join(f"{address} {name}\n" for name, address in {"localhost": "127.0.0.1", **addresses}.items())
    )
    with ExitStack() as stack:
        switch = stack.enter_context(_host("switch", ""))
        switch.run("ip", "link", "add", "bridge", "type", "bridge")
        switch.run("ip", "link", "set", "bridge", "up")
        hosts = {}
        for name, address in addresses.items():
            host = hosts[name] = stack.enter_context(_host(name, address))
            switch.run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0")
            _plug_in(switch, host)
            switch.run("ip", "link", "set", name, "master", "bridge", "up")
            host.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
            host.run("ip", "link", "set", "eth0", "up")
            host.run("mount", "--bind", known, "/etc/hosts")
        yield Network(switch, hosts)


@contextmanager
def _host(name: str, address: str) -> Iterator[Host]:
    command = ["unshare", *NAMESPACES, "--fork", "--kill-child", "--mount-proc", "sleep", "infinity"]
    holder = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        wait_until(lambda: holder.poll() is not None or _is_sleeping(children), seconds=30)
        assert holder.poll() is None, holder.stderr.read().decode().strip()
        host = Host(name, address, holder)
        host.run("hostname", name)
        host.run("ip", "link", "set", "lo", "up")
        yield host
    finally:
        holder.kill()
        holder.communicate()


def _is_sleeping(children: Path) -> bool:
    """Whether the first process of a host has become what it stays, and so is in all of its namespaces."""
    return any("sleep" in Path(f"/proc/{pid}/comm").read_text() for pid in children.read_text().split())


def _plug_in(switch: Host, host: Host) -> None:
    """Gives a host the other end of its cable. Processes have these ids outside only: just the network is entered."""
    command = ["nsenter", f"--target={switch.first}", "--net", "ip", "link", "set", "eth0", "netns", str(host.first)]
    subprocess.run(command, check=True)
