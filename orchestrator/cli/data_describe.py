"""`combo data describe`: say what a data set of one's own holds, so that the check expects it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.arguments import DerivedOption, Subset, chosen_root
from orchestrator.cli.plain_text import say
from orchestrator.run_config import MOST


def describe(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder, or the subset's own folder.")],
    subset: Annotated[Subset, typer.Option(help="Which AVSBench subset's layout the data have.")],
    size: Annotated[
        int | None,
        typer.Option("--size", min=1, max=MOST, help="Side of the pictures in pixels.  [default: the first frame's]"),
    ] = None,
    derived: DerivedOption = None,
) -> None:
    """Declare that a data set of your own holds the clips that its index lists now.

    Writes dataset.json beside the index. 'combo data check' then expects these numbers instead of the published ones.
    """
    from rich.console import Console

    from model.data.dataset_file import DATASET_FILE, SPLIT_SIZES
    from model.data.declaration import describe as write_description

    root = chosen_root(folder, subset, derived)
    described = write_description(root, subset.value, size)
    sizes = " / ".join(f"{count} {split}" for split, count in described[SPLIT_SIZES].items())
    side = described["size"]
    say(f"{root / DATASET_FILE} declares {sizes} clips with pictures of {side}x{side}", Console(highlight=False))
