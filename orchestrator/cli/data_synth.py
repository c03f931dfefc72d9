"""`combo data synth`: a synthetic data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.arguments import Subset
from orchestrator.cli.plain_text import say
from orchestrator.cli.progress_bar import progress_bar
from orchestrator.run_config import MOST


def synth(
    subset: Annotated[Subset, typer.Option(help="Which AVSBench subset's layout to write.")],
    out: Annotated[Path, typer.Option(help="Data root; the subset goes into a folder of its own below it.")],
    clips: Annotated[int, typer.Option(max=MOST, help="Clips in total: about 70 % train, 12 % val, 18 % test.")] = 120,
    seed: Annotated[int, typer.Option(max=MOST, help="Equal seeds give equal bytes.")] = 0,
    size: Annotated[int, typer.Option(max=MOST, help="Side of the pictures in pixels, a multiple of 32.")] = 224,
) -> None:
    """Write a synthetic AVSBench subset, in which only the sound tells which objects to segment."""
    import time

    from rich.console import Console

    console, began = Console(), time.monotonic()
    with progress_bar(console, f"Writing {subset.value.upper()} clips") as on_progress:
        from model.data.fingerprint import data_fingerprint
        from model.data.synthetic.writer import write_synthetic

        written = write_synthetic(subset.value, out, clips, seed, size, on_progress)
    seconds = time.monotonic() - began
    split_sizes = " / ".join(f"{count} {split}" for split, count in written.clips.items())
    status = f"written in {seconds:.1f} s" if written.created else "already complete, nothing written"
    fingerprint = data_fingerprint(out, subset.value, size=size)
    say(f"{subset.value.upper()}: {split_sizes} clips in {written.root}, {status}, fingerprint {fingerprint}", console)
