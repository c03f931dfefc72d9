"""`combo up` and `combo down`: the team's services on one machine, without containers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.exit_codes import UNHEALTHY
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say

if TYPE_CHECKING:
    from orchestrator.services.service_folder import ServiceFolder
    from orchestrator.services.service_settings import ServiceSettings

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="[default: as before, or the usual one]")]
NameOption = Annotated[str, typer.Option("--name", help="Of the services, and of the profile that is written.")]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        metavar="DIR",
        envvar="COMBO_SERVICES",
        help="Of data, logs and secrets.  [default: below ~/.local/share/combo, or /var/lib/combo for root]",
    ),
]
DEFAULT_NAME = "local-services"


def up(
    name: NameOption = DEFAULT_NAME,
    folder: FolderOption = None,
    host: Annotated[
        str | None,
        typer.Option(
            help="Address on which MLflow, the S3 store and Ray's dashboard listen.  [default: as before, or 127.0.0.1]"
        ),
    ] = None,
    ray: Annotated[
        bool | None, typer.Option("--ray/--without-ray", help="A Ray head too.  [default: as before, or without]")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Data folder, for the profile.")] = None,
    mlflow_port: Port = None,
    postgres_port: Port = None,
    s3_port: Port = None,
    ray_port: Port = None,
    jobs_port: Port = None,
    status: Annotated[bool, typer.Option("--status", help="Only show the state of the services.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Start MLflow with Postgres and an S3 store, all with passwords, and write a profile by which commands find them.

    What runs already stays as it is. All data lie in one folder, from which the services come up again after a reboot.
    """
    from rich.console import Console

    from orchestrator.services.bring_up import bring_up
    from orchestrator.services.profile_of_services import refuse_broken_profile, write_profile
    from orchestrator.services.service_folder import service_folder
    from orchestrator.services.service_settings import read_settings, with_changes, write_settings

    console, place = Console(highlight=False, stderr=as_json), service_folder(name, folder)
    if status:
        _show_states(place, as_json)
        return
    with place.alone():
        before = read_settings(place)
        settings = with_changes(
            before,
            host=host,
            with_ray=ray,
            mlflow_port=mlflow_port,
            postgres_port=postgres_port,
            s3_port=s3_port,
            ray_port=ray_port,
            jobs_port=jobs_port,
        )
        _refuse_change(place, before, settings)
        refuse_broken_profile(name)
        with console.status("starting") as told:
            started = bring_up(place, settings, lambda service: told.update(f"starting {service}"))
        write_settings(place, settings)
        file = write_profile(name, place, settings, data)
    _show_states(place, as_json)
    say(f"started {', '.join(started)}" if started else "all of them ran already", console)
    say(f"data, logs and secrets lie in {place.path}; combo down keeps them", console)
    say(f"profile {name} ({file}) leads there: combo --profile {name} run …, or combo profile use {name}", console)


def down(name: NameOption = DEFAULT_NAME, folder: FolderOption = None) -> None:
    """Stop the services that `combo up` has started, and nothing else; their data stay."""
    from rich.console import Console

    from orchestrator.services.bring_up import bring_down
    from orchestrator.services.service_folder import service_folder
    from orchestrator.services.service_settings import read_settings

    console, place = Console(highlight=False), service_folder(name, folder)
    if not place.path.is_dir():
        say(f"no services were ever started in {place.path}", console)
        return
    with place.alone(), console.status("stopping"):
        stopped = bring_down(place, read_settings(place))
    say(f"stopped {', '.join(stopped)}" if stopped else "no service was running", console)
    say(f"their data stay in {place.path}", console)


def _show_states(folder: ServiceFolder, as_json: bool) -> None:
    """Prints a row for each service; exits with 1 if one is not up."""
    from dataclasses import asdict
    from datetime import datetime

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from orchestrator.services.bring_up import states
    from orchestrator.services.service_settings import read_settings

    table = Table(box=None)
    for column in ("service", "state", "address", "process", "since"):
        table.add_column(column, no_wrap=True)
    found = states(folder, read_settings(folder))
    for entry in found:
        since = datetime.fromtimestamp(entry.process.started).strftime("%Y-%m-%d %H:%M") if entry.process else ""
        pid = str(entry.process.pid) if entry.process else ""
        state = Text(entry.state, "green" if entry.state == "up" else "red")
        table.add_row(entry.name, state, entry.address, pid, since)
    if as_json:
        print_json({"services": [asdict(entry) for entry in found]})
    else:
        Console(highlight=False).print(table)
    if any(entry.state != "up" for entry in found):
        raise typer.Exit(UNHEALTHY)


def _refuse_change(folder: ServiceFolder, before: ServiceSettings, settings: ServiceSettings) -> None:
    """Refuses other ports or another address while services run with the earlier ones; one more service is welcome.

    Raises:
        InputError: they do.
    """
    from dataclasses import replace

    from experiments.errors import InputError, Problem
    from orchestrator.services.running import read_running

    has_moved = replace(before, with_ray=settings.with_ray) != settings or (before.with_ray and not settings.with_ray)
    if has_moved and any(process.find() for process in read_running(folder).values()):
        what = "its services run with other settings"
        raise InputError(Problem(str(folder.path), what, "combo down first, then combo up with the new ones"))
