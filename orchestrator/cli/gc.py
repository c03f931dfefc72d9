"""`combo gc`: free the space of checkpoints, previews and drafts that nothing needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.arguments import StorageOption
from orchestrator.cli.exit_codes import INPUT_ERROR
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from experiments.errors import Problem
    from orchestrator.storage.storage import Storage
    from orchestrator.store.retention import Leftover


def gc(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete what is listed; without it nothing changes.")
    ] = False,
    storage: StorageOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what nothing needs any more: what finished trials keep beyond result and tested weights, and old drafts.

    That is training states, weights that lost, and previews. The weights that were tested stay, and so does everything
    of trials without a result. Of a trial whose files contradict each other nothing is deleted; exits with 2 when there
    is one.
    """
    from rich.console import Console

    from orchestrator.settings import resolve_settings
    from orchestrator.store import retention
    from orchestrator.store.presence import refuse_absent
    from orchestrator.store.store import Store
    from orchestrator.trial.provenance import protocols_of_today

    console = Console(highlight=False, stderr=as_json)
    settings = resolve_settings(storage)
    refuse_absent(settings.storage)
    store = Store(settings.storage)
    store.refresh()
    doubts: list[Problem] = []
    found = list(retention.leftovers(store, doubts.append, protocols_of_today()))
    if as_json:
        print_json(_document(found, doubts))
    if found:
        _free(found, settings.storage, console, delete=delete, listed=not as_json)
    else:
        console.print(f"nothing to free in {settings.storage}", soft_wrap=True, markup=False)
    for doubt in doubts:
        say(f"left alone: {doubt}", console, "yellow")
    if doubts:
        raise typer.Exit(INPUT_ERROR)


def _document(found: Sequence[Leftover], doubts: Sequence[Problem]) -> dict[str, Any]:
    """What can go, sizes in bytes, and what is left alone."""
    from dataclasses import asdict

    return {"leftovers": [asdict(leftover) for leftover in found], "left_alone": list(map(str, doubts))}


def _free(found: Sequence[Leftover], storage: Storage, console: Console, *, delete: bool, listed: bool) -> None:
    """Lists what can go, and deletes it if that is wanted."""
    from rich.table import Table
    from rich.text import Text

    from orchestrator.store import retention

    table = Table("what", "why", box=None)
    table.add_column("MiB", justify="right")
    for leftover in found:
        size = f"{leftover.size / 2**20:,.1f}"
        table.add_row(Text(leftover.name), leftover.reason, size)
    if listed:
        console.print(table)
    if delete:
        retention.delete(storage, found)
    done = "freed" if delete else "can be freed with --delete"
    console.print(f"{len(found)} in all, {retention.total_size(found) / 2**20:,.1f} MiB {done}")
