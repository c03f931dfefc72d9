"""Findings of checks on the terminal: a table that grows while the checks go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli.plain_text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.doctor.finding import Check, Finding


def examine_all(checks: list[Check], console: Console, quiet: bool) -> list[tuple[Check, Finding]]:
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


def as_document(results: list[tuple[Check, Finding]]) -> dict[str, list[dict[str, str]]]:
    """What was found, for `--json`."""
    rows = [
        {"check": check.name, "verdict": finding.verdict, "found": finding.found, "cure": finding.cure}
        for check, finding in results
    ]
    return {"checks": rows}


def totals(findings: list[Finding]) -> str:
    """How many checks passed, are to be noted, failed."""
    counts = {verdict: sum(finding.verdict == verdict for finding in findings) for verdict in ("ok", "warn", "fail")}
    return f"{counts['ok']} ok, {counts['warn']} to note, {counts['fail']} failed"
