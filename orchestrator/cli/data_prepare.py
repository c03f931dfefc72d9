"""`combo data prepare`: make what the loader reads and the release lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.arguments import DerivedOption, ProcessesOption, SizeOption, Subset, chosen_processes, chosen_root
from orchestrator.cli.exit_codes import DATA_FAULTY
from orchestrator.cli.made_files import show_made
from orchestrator.cli.progress_bar import progress_bar


def prepare(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder, or the subset's own folder.")],
    subset: Annotated[Subset, typer.Option(help="Which AVSBench subset to prepare.")],
    size: SizeOption = None,
    workers: ProcessesOption = None,
    derived: DerivedOption = None,
) -> None:
    """Make AVSS frames and labels of the network's size, and missing log-mels.

    What is there and intact stays, so an interrupted run continues; released log-mels stay in any case. A file that
    cannot be made stops no other; it is named at the end, and the exit code is then 1.
    """
    from rich.console import Console

    from model.data.expectation import expectation_of
    from model.data.preparation.prepare import prepare_subset

    console = Console()
    root = chosen_root(folder, subset, derived)
    side = size or expectation_of(root, subset.value).size
    with progress_bar(console, f"Preparing {subset.value.upper()} clips") as on_progress:
        prepared = prepare_subset(root, subset.value, side, chosen_processes(workers), on_progress)
    show_made(f"{subset.value.upper()} in {root}", prepared, console)
    raise typer.Exit(DATA_FAULTY if prepared.problems else 0)
