"""`combo data check`: compare a data folder with what it should hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.arguments import MaskigeOption, ProcessesOption, Subset, chosen_processes
from orchestrator.cli.clip_bar import clip_bar
from orchestrator.cli.exit_codes import DATA_FAULTY

if TYPE_CHECKING:
    from rich.console import Console

    from model.data.checking.check import Checked

EXAMPLES = 3
"""Findings of a kind that are printed; the JSON document has all."""


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder, or the subset's own folder.")],
    subset: Annotated[Subset, typer.Option(help="Which AVSBench subset to check.")],
    maskige: MaskigeOption = "semantic-sam",
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the pictures in pixels.  [default: 224, or as synthesised]")
    ] = None,
    workers: ProcessesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document with all findings.")] = False,
) -> None:
    """Compare a subset with what it should hold, file by file, and print what mends each fault.

    Exits with 0 if all is well, 1 if there are findings. Changes nothing.
    """
    from rich.console import Console

    from model.data.checking.check import check_subset

    console = Console(highlight=False, stderr=as_json)
    with clip_bar(console, f"Checking {subset.value.upper()} clips") as on_progress:
        checked = check_subset(folder, subset.value, maskige, size, chosen_processes(workers), on_progress)
    if as_json:
        import json

        typer.echo(json.dumps(_document(subset, checked), indent=1))
    else:
        _show(subset, checked, console)
    raise typer.Exit(DATA_FAULTY if checked.groups else 0)


def _document(subset: Subset, checked: Checked) -> dict[str, Any]:
    groups = [
        {
            "kind": group.kind,
            "count": len(group.findings),
            "remedy": group.remedy,
            "found": [{"place": finding.place, "problem": finding.problem} for finding in group.findings],
        }
        for group in checked.groups
    ]
    return {"subset": subset.value, "root": str(checked.root), "clips": checked.clips, "findings": groups}


def _show(subset: Subset, checked: Checked, console: Console) -> None:
    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, soft_wrap=True, markup=False)

    for group in checked.groups:
        say(f"{group.kind} ({len(group.findings)})", "bold")
        for finding in group.findings[:EXAMPLES]:
            say(f"  {finding.place} {finding.problem}")
        if len(group.findings) > EXAMPLES:
            say(f"  and {len(group.findings) - EXAMPLES} more")
        say(f"  mend: {group.remedy}", "cyan")
    sizes = " / ".join(f"{count} {split}" for split, count in checked.clips.items())
    found = sum(len(group.findings) for group in checked.groups)
    verdict = f"{found} findings of {len(checked.groups)} kinds" if found else "all as it should be"
    say(f"{subset.value.upper()}: {sizes} clips in {checked.root}: {verdict}", "bold")
