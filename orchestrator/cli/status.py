"""`combo status`: what is finished, what can continue, what failed and why. Reads only."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption, Words, read_studies


def status(
    words: Words,
    scale: ScaleOption = "full",
    storage: StorageOption = None,
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Print the state of every trial of experiments."""
    import json

    from orchestrator.plan import make_plan, sweep_name, trials_on_data
    from orchestrator.settings import resolve_settings
    from orchestrator.store import Store

    settings = resolve_settings(storage, data)
    studies = read_studies(words, scale)
    store = Store(settings.storage)
    plan = make_plan(sweep_name(studies), trials_on_data(studies, settings.data), store)
    if as_json:
        rows = [
            {"key": e.trial.key, "trial": e.trial.label, "state": e.state, "attempts": e.attempts, "reason": e.reason}
            for e in plan.entries
        ]
        typer.echo(json.dumps({"sweep": plan.name, "trials": rows}, indent=1))
        return

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    styles = {"finished": "green", "resumable": "yellow", "failed": "red", "new": "dim"}
    table = Table("trial key", "trial", "state", "attempts", "M_J", "M_F", "reason", box=None)
    for entry in plan.entries:
        result = store.trial(entry.trial.key).result
        scores = (f"{100 * result.score.m_j:.1f}", f"{100 * result.score.m_f:.1f}") if result else ("", "")
        state, reason = Text(entry.state, styles[entry.state]), Text(entry.reason)
        table.add_row(entry.trial.key, entry.trial.label, state, str(entry.attempts), *scores, reason)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{plan.name}: {plan.count('finished')} of {len(plan.entries)} trials finished", style="bold")
