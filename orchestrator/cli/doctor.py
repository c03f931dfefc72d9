"""`combo doctor`: is everything there that experiments need, and if not, what cures it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, StorageOption
from orchestrator.cli.exit_codes import UNHEALTHY
from orchestrator.cli.plain_text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.doctor.finding import Check, Finding


def doctor(
    vggish_weights: Annotated[Path | None, typer.Option(help="Check this file of VGGish's weights.")] = None,
    sam_weights: Annotated[Path | None, typer.Option(help="Check this file of SAM's weights.")] = None,
    storage: StorageOption = None,
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Check packages, machine, GPUs, collectives, Ray, storage, MLflow, data and weights; say what cures each fault.

    Ray is started for a moment, or the cluster at RAY_ADDRESS joined. Exits with 0 if nothing has failed, 1 if
    something has; a warning concerns some experiments only. Leaves nothing behind.
    """
    from rich.console import Console

    from orchestrator.doctor.checkup import checkup

    console = Console(highlight=False, stderr=as_json)
    checks = checkup(storage, data, vggish_weights, sam_weights)
    results = _examine_all(checks, console, quiet=as_json)
    if as_json:
        import json

        rows = [
            {"check": check.name, "verdict": finding.verdict, "found": finding.found, "cure": finding.cure}
            for check, finding in results
        ]
        typer.echo(json.dumps({"checks": rows}, indent=1))
    counts = {verdict: sum(finding.verdict == verdict for _, finding in results) for verdict in ("ok", "warn", "fail")}
    console.print(f"{counts['ok']} ok, {counts['warn']} to note, {counts['fail']} failed", style="bold")
    raise typer.Exit(UNHEALTHY if counts["fail"] else 0)


def _examine_all(checks: list[Check], console: Console, quiet: bool) -> list[tuple[Check, Finding]]:
    """Carries out all checks in turn and shows each finding at once."""
    from orchestrator.doctor.finding import examine

    results: list[tuple[Check, Finding]] = []
    width = max(len(check.name) for check in checks)
    for done, check in enumerate(checks, start=1):
        with console.status(f"{done} of {len(checks)}: {check.name}"):
            finding = examine(check)
        results.append((check, finding))
        if not quiet:
            _show(check.name.ljust(width), finding, console)
    return results


def _show(name: str, finding: Finding, console: Console) -> None:
    """A row of a table that grows while the checks go on."""
    from rich.table import Table
    from rich.text import Text

    style = {"ok": "green", "warn": "yellow", "fail": "red"}[finding.verdict]
    row = Table.grid(padding=(0, 2))
    row.add_column(no_wrap=True)
    row.add_column(no_wrap=True, width=len("fail"))
    row.add_column()
    row.add_row(name, Text(finding.verdict, style), Text(printable(finding.found)))
    if finding.cure:
        row.add_row("", "", Text(printable(finding.cure), "cyan"))
    console.print(row)
