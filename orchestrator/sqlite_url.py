"""Addresses of SQLite files, as SQLAlchemy and MLflow read them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote

SQLITE = re.compile(r"sqlite(?:\+\w+)?:///")


def sqlite_url(file: Path) -> str:
    """The address of a file, with what means something in addresses escaped."""
    escaped = re.sub("[%?#]", lambda found: quote(found[0]), str(file))
    # MLflow makes the folder of what follows `sqlite:///`, escaped as it is, but not where the driver is named too.
    return f"sqlite:///{escaped}" if escaped == str(file) else f"sqlite+pysqlite:///{escaped}"


def sqlite_file(url: str) -> Path | None:
    """The file behind an address; None if it is none of SQLite's."""
    named = SQLITE.match(url)
    return None if named is None else Path(unquote(url[named.end() :].partition("?")[0]))
