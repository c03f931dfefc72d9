"""`combo storage`: what concerns a storage as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.arguments import StorageOption
from orchestrator.cli.exit_codes import INPUT_ERROR
from orchestrator.cli.help_text import Command, Group
from orchestrator.cli.lazy_group import PLAIN
from orchestrator.cli.plain_text import say
from orchestrator.cli.progress_bar import progress_bar

app = typer.Typer(help="Copy the trials of one storage into another.", no_args_is_help=True, cls=Group, **PLAIN)


@app.callback()
def storage() -> None:
    """Copy the trials of one storage into another."""


@app.command(cls=Command)
def merge(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Folder, or s3://bucket/prefix; only read.")],
    storage: StorageOption = None,
) -> None:
    """Copy the trials, evaluations and imported weights of SOURCE that the storage lacks.

    What both hold with other content is named and stays as it is in both; exits with 2 then. Trials that run in SOURCE
    are left out. Done again, it copies what has come since.
    """
    from rich.console import Console

    from orchestrator.merging import merge as merge_storages
    from orchestrator.settings import resolve_settings
    from orchestrator.storage.opening import open_storage

    console = Console(highlight=False)
    target = resolve_settings(storage).storage
    with progress_bar(console, "Copying") as on_progress:
        merged = merge_storages(open_storage(source), target, on_progress)
    for name in merged.copied:
        say(name, console)
    say(f"{len(merged.copied)} copied to {target}, {merged.known} were there already", console)
    if merged.copied:
        say("`combo sync` adds them to MLflow", console)
    for problem in merged.problems:
        say(f"left out: {problem}", console, "yellow")
    if merged.problems:
        raise typer.Exit(INPUT_ERROR)
