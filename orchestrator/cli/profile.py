"""`combo profile`: where the storage, data, MLflow and Ray of each place are."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from orchestrator.cli.active_profile import VARIABLE
from orchestrator.cli.exit_codes import UNHEALTHY
from orchestrator.cli.help_text import Command, Group
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.lazy_group import PLAIN
from orchestrator.cli.plain_text import say

NameArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]", help="Of the profile, or its file.  [default: the one in use]", show_default=False
    ),
]

app = typer.Typer(help="Settings of places: laptop, lab, cloud.", no_args_is_help=True, cls=Group, **PLAIN)


@app.callback()
def profile() -> None:
    """Settings of places: laptop, lab, cloud."""


@app.command("list", cls=Command)
def list_(as_json: JsonOption = False) -> None:
    """List the profiles, the one in use with a star."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from experiments.errors import InputError
    from orchestrator.cli.plain_text import printable
    from orchestrator.profiles.profile import read_profile
    from orchestrator.profiles.profile_files import name_in_use, profile_file, profile_names, settings_folder

    console = Console(highlight=False)
    names, used = profile_names(), os.environ.get(VARIABLE) or name_in_use()
    if as_json:
        print_json({"profiles": [_document(name, is_used=name == used) for name in names]})
        return
    if not names:
        say(f"no profiles in {settings_folder() / 'profiles'}; docs/guides/profiles.md shows one", console)
        return
    table = Table(box=None)
    for column in ("", "profile", "storage", "MLflow", "Ray jobs"):
        table.add_column(column)
    for name in names:
        try:
            found = read_profile(profile_file(name))
        except InputError as error:
            cells = [str(error.problems[0]), "", ""]
        else:
            cells = [
                found.storage or "",
                found.mlflow.uri if found.mlflow else "",
                (found.ray.jobs or "") if found.ray else "",
            ]
        table.add_row("*" if name == used else "", *(Text(printable(cell)) for cell in (name, *cells)))
    console.print(table)


@app.command(cls=Command)
def show(name: NameArgument = None) -> None:
    """Show what a profile sets, and what the environment overrules; secrets stay hidden."""
    from rich.console import Console

    from orchestrator.cli.active_profile import option_defaults
    from orchestrator.profiles.profile import read_profile
    from orchestrator.profiles.profile_files import find_profile
    from orchestrator.profiles.surroundings import effect
    from orchestrator.redaction import HIDDEN, NO_SECRET, SECRET_NAME

    console = Console(highlight=False)
    file = find_profile(_named(name))
    found = read_profile(file)
    seen = effect(found, file, os.environ)
    say(str(file), console, "bold")
    for variable, value in seen.variables.items():
        is_secret = SECRET_NAME.search(variable) and not NO_SECRET.search(variable)
        say(f"{variable}={HIDDEN if is_secret else value}", console)
    for option, value in option_defaults(found, file)["run"].items():
        for one in value if isinstance(value, list) else [value]:
            say(f"--{option.replace('_', '-')} {one}", console)
    for variable in seen.overruled:
        say(f"{variable}: the environment overrules the profile", console, "yellow")


@app.command(cls=Command)
def use(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of the profile.", show_default=False)] = None,
    none: Annotated[bool, typer.Option("--none", help="Use no profile.")] = False,
) -> None:
    """Make all commands that name no profile take this one."""
    from experiments.errors import InputError, Problem
    from orchestrator.profiles.profile import read_profile
    from orchestrator.profiles.profile_files import find_profile, profile_file, put_in_use

    if none == (name is not None):
        raise InputError(Problem("combo profile use", "needs a name, or --none", "combo profile list shows the names"))
    if name is None:
        put_in_use(None)
        typer.echo("no profile is in use")
        return
    profile_file(name)  # a path would mean another file in another folder
    read_profile(find_profile(name))
    put_in_use(name)
    typer.echo(f"profile {name} is in use; --profile and {VARIABLE} override it, combo profile use --none ends it")


@app.command(cls=Command)
def check(name: NameArgument = None, as_json: JsonOption = False) -> None:
    """Try every part of a profile, and say what cures each fault.

    Exits with 0 if nothing has failed, 1 if something has. Writes small files below `doctor/` in the storage, removes
    them, and leaves nothing else behind.
    """
    from rich.console import Console

    from orchestrator.cli.findings import as_document, examine_all, totals
    from orchestrator.doctor.profile_check import profile_checks
    from orchestrator.profiles.profile import read_profile
    from orchestrator.profiles.profile_files import find_profile
    from orchestrator.profiles.surroundings import apply

    console = Console(highlight=False, stderr=as_json)
    file = find_profile(_named(name))
    found = read_profile(file)
    overruled = apply(found, file, os.environ).overruled
    say(f"profile {file}", console, "bold")
    if overruled:
        say(f"the environment overrules {', '.join(overruled)}: checked as it is", console, "yellow")
    results = examine_all(profile_checks(found, file), console, quiet=as_json)
    if as_json:
        print_json(as_document(results))
    findings = [finding for _, finding in results]
    say(totals(findings), console, "bold")
    raise typer.Exit(UNHEALTHY if any(finding.verdict == "fail" for finding in findings) else 0)


def _document(name: str, *, is_used: bool) -> dict[str, Any]:
    """A profile for programs: what it says, or why it cannot be read."""
    from experiments.errors import InputError
    from orchestrator.profiles.profile import read_profile
    from orchestrator.profiles.profile_files import profile_file

    try:
        said: dict[str, Any] = {"settings": read_profile(profile_file(name)).model_dump(mode="json", exclude_none=True)}
    except InputError as error:
        said = {"problem": str(error.problems[0])}
    return {"name": name, "in_use": is_used, **said}


def _named(name: str | None) -> str:
    """The profile asked for, or the one in use.

    Raises:
        InputError: none is.
    """
    from experiments.errors import InputError, Problem
    from orchestrator.profiles.profile_files import name_in_use

    found = name or os.environ.get(VARIABLE) or name_in_use()
    if found is None:
        raise InputError(Problem("combo profile", "no profile is in use", "name one; combo profile list shows them"))
    return found
