"""The image built from its Dockerfile without a registry, and containers of it without a container engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "infra" / "docker" / "Dockerfile"
BASE = "docker.io/library/python:3.11-slim-bookworm"
PACKAGES = "ca-certificates,python3,python3-pip,python3-venv"
APT_SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
CONTAINER = """
set -e
mount --bind "$0" "$0"
mount -o remount,bind,ro "$0"
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"
ip link set lo up
exec chroot --userspec="$1" "$0" sh -c 'cd /tmp && exec "$@"' "$@"
"""
"""A root that cannot be written but for /tmp, a network of its own, processes of its own: as the manifests want it."""


class Builder:
    """Buildah with a storage of its own, which is gone in the end.

    Args:
        folder: for images, containers and drafts.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._words = ["buildah", "--root", str(folder / "images"), "--runroot", str(folder / "run")]

    def __call__(self, *words: object) -> str:
        """Runs buildah; returns what it printed, without the end of the line."""
        done = subprocess.run([*self._words, *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout.strip()

    def make_base(self) -> None:
        """Makes what the Dockerfile begins with from Debian's own packages: Python 3.11 on bookworm.

        It is not the official image, which comes from a registry. Debian's Python is called `python` too here, and lets
        pip install.
        """
        tar = self._folder / "base.tar"
        hooks = [
            'ln -s python3 "$1/usr/bin/python"',
            'rm "$1/usr/lib/python3.11/EXTERNALLY-MANAGED"',
            f'cp {CERTIFICATES} "$1{CERTIFICATES}"',
            'echo 127.0.0.1 localhost > "$1/etc/hosts"',  # as container engines do
        ]
        sources = [str(APT_SOURCES)] if APT_SOURCES.exists() else []
        words = ["--variant=minbase", f"--include={PACKAGES}", *(f"--customize-hook={hook}" for hook in hooks)]
        made = subprocess.run(["mmdebstrap", *words, "bookworm", tar, *sources], capture_output=True, text=True)
        assert made.returncode == 0, made.stderr[-4000:]
        container = self("from", "scratch")
        self("add", container, tar, "/")
        self("commit", "--rm", container, BASE)
        tar.unlink()

    def build(self, tag: str) -> None:
        """Builds the Dockerfile as it is, with the certificates of this machine in the secrets that it knows."""
        pip, uv = self._folder / "pip.conf", self._folder / "uv.toml"
        pip.write_text(f"[global]\ncert = {CERTIFICATES}\ntimeout = 180\n")
        uv.write_text("native-tls = true\n")
        secrets = [f"--secret=id=pip.conf,src={pip}", f"--secret=id=uv.toml,src={uv}"]
        self("build", "--isolation=chroot", "--pull-never", *secrets, f"--file={DOCKERFILE}", f"--tag={tag}", ROOT)

    def unpack(self, tag: str) -> Image:
        """Mounts an image."""
        container = self("from", "--pull-never", tag)
        described = json.loads(self("inspect", "--type=image", tag))["OCIv1"]["config"]
        return Image(Path(self("mount", container)), described["Env"], described["User"])

    def close(self) -> None:
        """Removes all of it."""
        self("umount", "--all")
        self("rm", "--all")
        self("rmi", "--all", "--force")
        shutil.rmtree(self._folder)


@dataclass(frozen=True)
class Image:
    """An unpacked image."""

    root: Path
    environment: list[str]
    user: str

    def command(self, *words: object) -> list[str]:
        """Words that start a container."""
        alone = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--"]
        inside = ["env", "--ignore-environment", *self.environment, *map(str, words)]
        return [*alone, "sh", "-c", CONTAINER, str(self.root), self.user, *inside]

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Runs a container to its end."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=300)

    @contextmanager
    def running(self, *words: object) -> Iterator[Container]:
        """A container that runs until the context ends."""
        with subprocess.Popen(self.command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as process:
            try:
                yield Container(self, process)
            finally:
                process.kill()


@dataclass(frozen=True)
class Container:
    """A container that runs."""

    image: Image
    process: subprocess.Popen[bytes]

    def exec(self, *words: object) -> int:
        """Runs a command in it, as its user; returns the exit code, 1 where its first process is not there yet."""
        first = next(iter(psutil.Process(self.process.pid).children()), None)
        if first is None:
            return 1
        user, group = self.image.user.split(":")
        inside = ["nsenter", f"--target={first.pid}", "--mount", "--net", "--pid", "--root", "--wd"]
        who = [f"--setuid={user}", f"--setgid={group}", "env", "--ignore-environment", *self.image.environment]
        return subprocess.run([*inside, *who, *map(str, words)], capture_output=True, timeout=60).returncode
