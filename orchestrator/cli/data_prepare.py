"""`combo data prepare`: make what the loader reads and the release lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.arguments import ProcessesOption, Subset, chosen_processes
from orchestrator.cli.clip_bar import clip_bar
from orchestrator.cli.exit_codes import DATA_FAULTY


def prepare(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder, or the subset's own folder.")],
    subset: Annotated[Subset, typer.Option(help="Which AVSBench subset to prepare.")],
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of AVSS pictures in pixels.  [default: 224, or as synthesised]")
    ] = None,
    workers: ProcessesOption = None,
) -> None:
    """Make AVSS frames and labels of the network's size, and missing log-mels.

    What is there and intact stays, so an interrupted run continues. A clip that cannot be prepared stops no other; it
    is named at the end, and the exit code is then 1.
    """
    from rich.console import Console

    from model.data.expectation import expectation_of
    from model.data.index import subset_root
    from model.data.preparation.prepare import prepare_subset

    console = Console(highlight=False)
    root = subset_root(folder, subset.value)
    side = size or expectation_of(root, subset.value).size
    with clip_bar(console, f"Preparing {subset.value.upper()} clips") as on_progress:
        prepared = prepare_subset(root, subset.value, side, chosen_processes(workers), on_progress)
    for problem in prepared.problems:
        console.print(f"not prepared: {problem}", style="red", markup=False, soft_wrap=True)
    console.print(
        f"{subset.value.upper()} in {root}: {prepared.written} files written, {prepared.intact} were there already, "
        f"{len(prepared.problems)} clips could not be prepared",
        markup=False,
        soft_wrap=True,
    )
    raise typer.Exit(DATA_FAULTY if prepared.problems else 0)
