"""`combo gc`: free the space of checkpoints and drafts that nothing needs any more."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.arguments import StorageOption


def gc(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete what is listed; without it nothing changes.")
    ] = False,
    storage: StorageOption = None,
) -> None:
    """List what nothing needs any more: training states of finished trials, weights that lost, drafts of a day ago.

    The weights that were tested stay, as do all checkpoints of trials without a result.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from orchestrator.settings import resolve_settings
    from orchestrator.store import retention
    from orchestrator.store.store import Store

    console = Console(highlight=False)
    settings = resolve_settings(storage)
    store = Store(settings.storage)
    store.refresh()
    found = list(retention.leftovers(store))
    if not found:
        console.print(f"nothing to free in {settings.storage}", soft_wrap=True, markup=False)
        return
    table = Table("what", "why", box=None)
    table.add_column("MiB", justify="right")
    for leftover in found:
        size = f"{leftover.size / 2**20:,.1f}"
        table.add_row(Text(leftover.name), leftover.reason, size)
    console.print(table)
    if delete:
        retention.delete(settings.storage, found)
    done = "freed" if delete else "can be freed with --delete"
    console.print(f"{len(found)} in all, {retention.total_size(found) / 2**20:,.1f} MiB {done}")
