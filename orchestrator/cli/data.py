"""`combo data`: making data sets."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make data sets.", no_args_is_help=True)


class Subset(StrEnum):
    """The subsets of AVSBench."""

    s4 = "s4"
    ms3 = "ms3"
    avss = "avss"


@app.callback()
def data() -> None:
    """Make data sets."""


@app.command()
def synth(
    subset: Annotated[Subset, typer.Option(help="Which AVSBench subset's layout to write.")],
    out: Annotated[Path, typer.Option(help="Data root; the subset goes into a folder of its own below it.")],
    clips: Annotated[int, typer.Option(help="Clips in total: about 70 % train, 12 % val, 18 % test.")] = 120,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal bytes.")] = 0,
    size: Annotated[int, typer.Option(help="Side of the pictures in pixels, a multiple of 32.")] = 224,
) -> None:
    """Write a synthetic AVSBench subset, in which only the sound tells which objects to segment."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("Starting", total=clips)
        from model.data.fingerprint import data_fingerprint
        from model.data.synthetic.writer import write_synthetic

        progress.update(bar, description=f"Writing {subset.value.upper()} clips")
        written = write_synthetic(
            subset.value, out, clips, seed, size, on_progress=lambda done, _total: progress.update(bar, completed=done)
        )
        seconds = progress.tasks[0].elapsed or 0.0
    split_sizes = " / ".join(f"{count} {split}" for split, count in written.clips.items())
    status = f"written in {seconds:.1f} s" if written.created else "already complete, nothing written"
    console.print(
        f"{subset.value.upper()}: {split_sizes} clips in {written.root}, {status}, "
        f"fingerprint {data_fingerprint(out, subset.value)}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
