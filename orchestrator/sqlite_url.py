"""Addresses of SQLite files, as SQLAlchemy and MLflow read them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote

SQLITE = re.compile(r"sqlite(?:\+\w+)?:///")


def sqlite_url(file: Path) -> str:
    """The URL of a file, with special characters escaped."""
    escaped = re.sub("[%?#]", lambda found: quote(found[0]), str(file))
    # MLflow makes the folder of what follows `sqlite:///`, escaped as it is, but not where the driver is named too.
    return f"sqlite:///{escaped}" if escaped == str(file) else f"sqlite+pysqlite:///{escaped}"


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL; None for other URLs."""
    named = SQLITE.match(url)
    return None if named is None else Path(unquote(url[named.end() :].partition("?")[0]))
