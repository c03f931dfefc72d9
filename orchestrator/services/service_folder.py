"""Where services keep what they have: settings, secrets, data, logs, and what runs."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from experiments.atomic_write import write_atomic
from experiments.errors import InputError, Problem
from orchestrator.profiles.profile_files import profile_file

OWNER_ONLY, OWNER_ONLY_FOLDER = 0o600, 0o700
TRAVERSABLE = 0o755
"""Mode of the folder itself: for root, Postgres runs as another user, who must get to its data."""


@dataclass(frozen=True)
class ServiceFolder:
    """The folder of the services that go by one name.

    Its files: `settings.json`, `running.json`, `secrets/` (mode 0700, a file of mode 0600 each), `logs/`, `postgres/`,
    `objects/`, `ray/`.
    """

    path: Path

    @property
    def settings(self) -> Path:
        """File of the ports and the address to listen on."""
        return self.path / "settings.json"

    @property
    def running(self) -> Path:
        """File of the processes that were started."""
        return self.path / "running.json"

    def log(self, service: str) -> Path:
        """File of a service's output, which grows over restarts."""
        return self.path / "logs" / f"{service}.log"

    def secret_file(self, name: str) -> Path:
        """File of a secret."""
        return self.path / "secrets" / name

    def secret(self, name: str) -> str:
        """A secret, made when it is first asked for."""
        file = self.secret_file(name)
        if not file.is_file():
            self.write_secret(name, secrets.token_hex(24))
        return file.read_text(encoding="utf-8").strip()

    def write_secret(self, name: str, content: str) -> Path:
        """Stores text that only this user may read; returns its file."""
        file = self.secret_file(name)
        with _only_owner():
            file.parent.mkdir(parents=True, mode=OWNER_ONLY_FOLDER, exist_ok=True)
            return write_atomic(file, content)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Makes the folder, and keeps a second `combo up` or `combo down` out meanwhile.

        Raises:
            InputError: one is at work.
        """
        self.path.mkdir(parents=True, mode=TRAVERSABLE, exist_ok=True)
        (self.path / "logs").mkdir(mode=OWNER_ONLY_FOLDER, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                what = "another combo up or combo down is at work there"
                raise InputError(Problem(str(self.path), what, "wait until it is done")) from None
            yield


def service_folder(name: str, place: Path | None = None) -> ServiceFolder:
    """The folder of services: as named, or below `/var/lib` for root, below the user's data folder for others.

    Args:
        name: of the services and their profile.
        place: the folder; None for the default.

    Raises:
        InputError: it is no name.
    """
    profile_file(name)  # refuses what is no name
    if place is not None:
        return ServiceFolder(place.absolute())
    if os.geteuid() == 0:
        above = Path("/var/lib")
    else:
        named = Path(os.environ.get("XDG_DATA_HOME", ""))
        above = named if named.is_absolute() else Path.home() / ".local" / "share"
    return ServiceFolder(above / "combo" / "services" / name)


@contextmanager
def _only_owner() -> Iterator[None]:
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
