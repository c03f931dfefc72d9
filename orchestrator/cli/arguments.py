"""Arguments and options that several verbs share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from experiments.errors import InputError, Problem
from experiments.expand import Study, load_study
from experiments.overrides import parse_assignments

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="EXPERIMENT... [KEY=VALUE...]",
        help="Experiments by name (combo/table7) or YAML file, and settings laid over them (loss.lambda_ada=5).",
    ),
]
ScaleOption = Annotated[str, typer.Option("--scale", help="Which scale of the experiment: full, or one it defines.")]
StorageOption = Annotated[
    Path | None, typer.Option("--storage", help="Storage folder.  [env: COMBO_STORAGE; default: combo-storage]")
]
DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder.  [env: COMBO_DATA; default: data]")]


def read_studies(words: Sequence[str], scale: str) -> list[Study]:
    """Splits experiment names from overrides and loads them.

    Raises:
        InputError: no experiment is named, or a file or override has mistakes.
    """
    names = [word for word in words if "=" not in word]
    assigned = parse_assignments(word for word in words if "=" in word)
    if not names:
        raise InputError(Problem("command line", "names no experiment", "such as combo/table7"))
    return [load_study(name, scale, assigned) for name in names]
