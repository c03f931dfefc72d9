"""`combo gc`: free the space of checkpoints that nothing needs any more."""

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
    """List checkpoints that nothing needs any more: training states of finished trials, weights that lost.

    The weights that were tested stay, as do all checkpoints of trials without a result.
    """
    from rich.console import Console
    from rich.table import Table

    from orchestrator import retention
    from orchestrator.settings import resolve_settings
    from orchestrator.store import Store

    console = Console(highlight=False)
    settings = resolve_settings(storage)
    found = list(retention.leftovers(Store(settings.storage)))
    if not found:
        console.print(f"nothing to free in {settings.storage}", soft_wrap=True, markup=False)
        return
    table = Table("checkpoint", "why", box=None)
    table.add_column("MiB", justify="right")
    for leftover in found:
        size = f"{leftover.size / 2**20:,.1f}"
        table.add_row(str(leftover.path.relative_to(settings.storage)), leftover.reason, size)
    console.print(table)
    if delete:
        retention.delete(found)
    done = "freed" if delete else "can be freed with --delete"
    console.print(f"{len(found)} checkpoints, {retention.total_size(found) / 2**20:,.1f} MiB {done}")
