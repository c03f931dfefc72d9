"""Where an embedded MLflow keeps artifacts. Its database holds absolute paths only, and the storage may have moved."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestrator.settings import Settings
from orchestrator.sqlite_url import sqlite_file

COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Tables and columns of MLflow's database that hold addresses of files."""


def keep_artifacts_beside(settings: Settings) -> None:
    """Updates artifact paths in the embedded MLflow of a storage that was moved or copied.

    Does nothing where its database names the folder of this storage already, by whatever path.

    Raises:
        OSError: the folder for artifacts cannot be made.
        sqlite3.Error: the database cannot be read or written.
    """
    database = sqlite_file(settings.tracking_uri)
    if not settings.has_own_mlflow or database is None or not database.is_file():
        return
    settings.artifacts.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        columns = [column for column in COLUMNS if _is_there(connection, *column)]
        for before in _folders(connection) if columns else ():
            if Path(before).name == settings.artifacts.name and not _is_same(before, settings.artifacts):
                after = settings.artifacts.resolve().as_uri()
                for table, column in columns:
                    _replace_beginning(connection, table, column, before, after)


def _is_there(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether this version of MLflow has a column."""
    found = connection.execute("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column))
    return found.fetchone() is not None


def _folders(connection: sqlite3.Connection) -> list[str]:
    """Addresses of the folders in which experiments keep artifacts."""
    return [address for (address,) in connection.execute("SELECT DISTINCT artifact_location FROM experiments")]


def _is_same(address: str, folder: Path) -> bool:
    try:
        return Path(unquote(urlsplit(address).path)).samefile(folder)
    except OSError:
        return False


def _replace_beginning(connection: sqlite3.Connection, table: str, column: str, before: str, after: str) -> None:
    connection.execute(
        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} = ? OR substr({column}, 1, ?) = ?",
        (after, len(before) + 1, before, len(before) + 1, f"{before}/"),
    )
