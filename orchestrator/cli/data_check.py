"""`combo data check`: compare a data folder with what it should hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.arguments import (
    DerivedOption,
    MaskigeOption,
    ProcessesOption,
    SizeOption,
    Subset,
    chosen_processes,
)
from orchestrator.cli.exit_codes import DATA_FAULTY
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say
from orchestrator.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from rich.console import Console

    from model.data.checking.check import Checked
    from model.data.checking.findings import FindingGroup

EXAMPLES = 3
"""Findings of a kind that are printed; the JSON document has all."""


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder, or the subset's own folder.")],
    subset: Annotated[Subset, typer.Option(help="Which AVSBench subset to check.")],
    maskige: MaskigeOption = "semantic-sam",
    size: SizeOption = None,
    workers: ProcessesOption = None,
    derived: DerivedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a subset with what it should hold, file by file, and print what mends each fault.

    Exits with 0 if all is well, 1 if there are findings. Changes nothing.
    """
    from rich.console import Console

    from model.data.checking.check import check_subset
    from model.data.derived import data_with_derived

    console = Console(highlight=False, stderr=as_json)
    if derived is not None:
        folder = data_with_derived(folder, derived)
    with progress_bar(console, f"Checking {subset.value.upper()} clips") as on_progress:
        checked = check_subset(folder, subset.value, maskige, size, chosen_processes(workers), on_progress)
    if as_json:
        print_json(_document(subset, checked))
    else:
        _show(subset, checked, console)
    raise typer.Exit(DATA_FAULTY if checked.groups else 0)


def _document(subset: Subset, checked: Checked) -> dict[str, Any]:
    return {
        "subset": subset.value,
        "root": str(checked.root),
        "clips": checked.clips,
        "findings": [_group(group) for group in checked.groups],
        "notes": [_group(group) for group in checked.notes],
    }


def _group(group: FindingGroup) -> dict[str, Any]:
    found = [{"place": finding.place, "problem": finding.problem} for finding in group.findings]
    return {"kind": group.kind, "count": len(found), "remedy": group.remedy, "found": found}


def _show(subset: Subset, checked: Checked, console: Console) -> None:
    for group in checked.groups:
        _show_group(group, "mend", console)
    for group in checked.notes:
        _show_group(group, "no fault, but to spare the loader the work", console)
    sizes = " / ".join(f"{count} {split}" for split, count in checked.clips.items())
    found = sum(len(group.findings) for group in checked.groups)
    verdict = f"{found} findings of {len(checked.groups)} kinds" if found else "all as it should be"
    say(f"{subset.value.upper()}: {sizes} clips in {checked.root}: {verdict}", console, "bold")


def _show_group(group: FindingGroup, advice: str, console: Console) -> None:
    say(f"{group.kind} ({len(group.findings)})", console, "bold")
    for finding in group.findings[:EXAMPLES]:
        say(f"  {finding.place} {finding.problem}", console)
    if len(group.findings) > EXAMPLES:
        say(f"  and {len(group.findings) - EXAMPLES} more", console)
    say(f"  {advice}: {group.remedy}", console, "cyan")
